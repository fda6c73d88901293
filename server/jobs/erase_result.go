package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"firstlight/agent/report"
	"firstlight/server/certificate"
	"firstlight/server/discovery"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// erased takes the result of an erase. A machine whose disks are all proven
// erased is registered anew, in the transaction that keeps their certificates.
// What fails on a disk ends the job and fences the machine in one transaction:
// the agent has tried every way that the disk knows. Only what failed before the
// first write is tried again.
func erased(ctx context.Context, r *run, res report.Result) error {
	if !res.OK && len(res.Erased) == 0 {
		return r.unlessFinal(ctx, r.again(ctx, stopped(res)))
	}
	if r.job.Token.RedeemedAt.IsZero() {
		return neverRedeemed(res)
	}
	all, wrong := judged(r.job, res, r.Now())
	if err := r.certify(ctx, all); err != nil {
		return err
	}
	keep := func(_ *serverdb.Write, j *machine.Job) error {
		j.Erase.Done = append(j.Erase.Done, all...)
		return nil
	}
	var err error
	if wrong != "" {
		err = r.failWith(ctx, errors.New(wrong), keep)
	} else {
		err = r.clean(ctx, all)
	}
	switch {
	case errors.Is(err, errMoved):
		return nil
	case err != nil:
		return err
	}
	r.erases.count(all)
	r.DB.Observe(r.machine.ID, func(o *machine.Observed) { o.Waits, o.Progress = "", 0 })
	return nil
}

// judged holds an agent's answer against the plan: what became of each disk, and
// what is wrong, in one sentence; "": every disk of the plan is proven erased.
func judged(j *machine.Job, res report.Result, at time.Time) (all []machine.Erasure, wrong string) {
	var bad []string
	answered := map[string]bool{}
	for _, d := range res.Erased {
		e := erasure(j, d, at)
		if answered[d.Disk.Serial] {
			e.OK, e.Error = false, "the agent answered for it twice"
		}
		answered[d.Disk.Serial] = true
		all = append(all, e)
	}
	for _, d := range j.Erase.Disks {
		if !answered[d.Serial] {
			all = append(all, machine.Erasure{Disk: d, At: at, Attempt: j.Attempt, Error: "the agent did not say what became of it"})
		}
	}
	for _, e := range all {
		if !e.OK {
			bad = append(bad, describe(e.Disk)+": "+e.Error)
		}
	}
	switch {
	case len(bad) == 0 && !res.OK:
		return all, stopped(res)
	case len(bad) == 0:
		return all, ""
	case len(bad) == 1:
		return all, bad[0]
	default:
		return all, fmt.Sprintf("%s (and %d more)", bad[0], len(bad)-1)
	}
}

func describe(d machine.EraseDisk) string {
	text := "disk " + d.Serial
	if d.Model != "" {
		text += " (" + d.Model + ", " + discovery.Bytes(d.Bytes) + ")"
	}
	return text
}

// erasure is what an agent says of one disk, as far as it proves it.
func erasure(j *machine.Job, d report.Erased, at time.Time) machine.Erasure {
	e := machine.Erasure{
		At: at, Attempt: j.Attempt, Method: discovery.Clean(d.Method), Error: clip(d.Error),
		Read: d.Read, Whole: d.Whole, Fill: discovery.Clean(d.Fill), Seconds: max(0, d.Seconds),
		Disk: machine.EraseDisk{Serial: discovery.Clean(d.Disk.Serial), Bytes: d.Disk.Bytes, Model: discovery.Clean(d.Model), WWN: discovery.Clean(d.WWN), Transport: discovery.Clean(d.Transport)},
	}
	for _, t := range d.Tried {
		e.Tried = append(e.Tried, clip(t.Method+": "+t.Error))
	}
	planned := false
	for _, want := range j.Erase.Disks {
		if want.Serial == d.Disk.Serial && want.Bytes == d.Disk.Bytes {
			e.Disk, planned = want, true
		}
	}
	e.Category = certificate.Category(e.Method, e.Disk.Rotational)
	if e.Error == "" {
		e.Error = unproven(e, d.OK, planned)
	}
	if e.OK = e.Error == "" && d.OK; !e.OK {
		e.Category = ""
		if e.Error == "" {
			e.Error = "it was not erased, and the agent does not say why"
		}
	}
	return e
}

// unproven says what an answer lacks to be believed; "" nothing.
func unproven(e machine.Erasure, ok, planned bool) string {
	fixed := e.Method == report.EraseOverwrite || e.Method == report.EraseDiscard
	switch {
	case !planned:
		return "the plan does not name it"
	case !ok:
		return ""
	case e.Category == "":
		return fmt.Sprintf("the agent names no way to erase a disk that is known: %.40q", e.Method)
	case e.Read == 0:
		return "nothing of it was read back"
	case fixed && e.Fill != "00":
		return fmt.Sprintf("it was to read as zeros by %s, and reads as %.20q", e.Method, e.Fill)
	default:
		return ""
	}
}

// certify signs what is proven, also where another disk of the machine failed.
func (r *run) certify(ctx context.Context, all []machine.Erasure) error {
	m, err := r.DB.Full(ctx, r.machine)
	if err != nil {
		return err
	}
	for i := range all {
		if !all[i].OK {
			continue
		}
		text, err := r.Certify(statement(m, r.job, all[i], len(r.job.Erase.Done)+i+1))
		if err != nil {
			return err
		}
		all[i].Certificate = text
	}
	return nil
}

func statement(m *machine.Machine, j *machine.Job, e machine.Erasure, n int) certificate.Statement {
	d := e.Disk
	return certificate.Statement{
		ID:      fmt.Sprintf("%s/%d", j.ID, n),
		Machine: certificate.Machine{ID: m.ID, Name: m.Name, Serial: m.Serial, UUID: m.UUID, Vendor: m.Vendor, Product: m.Product},
		Disk:    certificate.Disk{Serial: d.Serial, WWN: d.WWN, Model: d.Model, Bytes: d.Bytes, Transport: d.Transport},
		Method:  e.Method, Category: e.Category, Tried: append([]string{}, e.Tried...), Read: e.Read, Whole: e.Whole, Fill: e.Fill,
		Began: j.Token.RedeemedAt, Ended: e.At, Seconds: e.Seconds,
		Job: j.ID, Requester: j.Requester, User: j.User, Agent: m.Observed.Agent,
	}
}

// clean ends a job whose disks are all proven erased.
func (r *run) clean(ctx context.Context, all []machine.Erasure) error {
	return r.change(ctx, func(w *serverdb.Write, j *machine.Job) error {
		m, err := w.Machine(j.Machine)
		if err != nil {
			return err
		}
		proof := proofOf(all)
		j.Erase.Done = append(j.Erase.Done, all...)
		j.Token.WrittenAt = r.Now()
		c := j.Current()
		c.Status, c.EndedAt, c.Error, c.Note = machine.StepDone, r.Now(), "", proof
		if err := r.event(w, "Step "+c.Name+" done: "+proof); err != nil {
			return err
		}
		if err := r.close(w, j, machine.JobFinished, ""); err != nil {
			return err
		}
		return recycled(w, m, j, proof)
	})
}

// proofOf says by disk how it was erased.
func proofOf(all []machine.Erasure) string {
	var parts []string
	for _, e := range all {
		parts = append(parts, fmt.Sprintf("disk %s by %s (%s), %s read back", e.Disk.Serial, e.Method, e.Category, discovery.Bytes(e.Read)))
	}
	return clip(strings.Join(parts, "; "))
}

// recycled gives a clean machine on: to the checks of a new one, or out of the
// house where it is flagged so. The fence of an earlier erase falls with the
// proof that it lacked, and stays for a disk that is not there to be proven.
func recycled(w *serverdb.Write, m *machine.Machine, j *machine.Job, proof string) error {
	old, err := w.Erases(m.ID)
	if err != nil {
		return err
	}
	erases := []*machine.Erase{j.Erase}
	for _, o := range old {
		if o.ID != j.ID {
			erases = append(erases, o.Erase)
		}
	}
	left := machine.Unproven(erases)
	evidence := machine.Evidence{machine.GuardEmptyDisks: "certificates of job " + j.ID + ": " + proof}
	change := serverdb.Change{
		From: machine.Recycling, To: machine.Registered, Who: whoAgent, Why: reasonErased, Job: j.ID, Evidence: evidence,
		Sentence: counted(j.Erase.Disks) + " erased and read back; it is checked when it reports",
		Apply: func(m *machine.Machine) {
			m.Release()
			m.Owned, m.Released, m.ReportedAt = false, nil, time.Time{}
			if len(left) > 0 && m.Flags.Fenced {
				m.Flags.FenceNote = clip("what was on disk " + strings.Join(left, ", ") + " is not proven erased, and the disk was not there to be erased again")
				return
			}
			m.Flags.Fenced, m.Flags.FenceNote = false, ""
		},
	}
	if !m.Flags.RetireWhenReleased || m.Flags.Fenced && len(left) > 0 {
		return w.Transition(m, change)
	}
	change.To, change.Why, change.Sentence = machine.Retiring, "retire", "erased, and flagged to retire when released"
	change.Evidence[machine.GuardFlagged] = "retire_when_released"
	if err := w.Transition(m, change); err != nil {
		return err
	}
	if m, err = w.Machine(m.ID); err != nil {
		return err
	}
	err = w.Transition(m, serverdb.Change{
		From: machine.Retiring, To: machine.Retired, Who: whoAgent, Why: "retired", Job: j.ID, Evidence: evidence,
		Sentence: counted(j.Erase.Disks) + " erased and read back; flagged to retire when released", Apply: (*machine.Machine).Leave,
	})
	if err != nil {
		return err
	}
	return w.ForgetCredentials(serverdb.CredentialOwners(m)...)
}
