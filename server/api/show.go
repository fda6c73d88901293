package api

import (
	"maps"
	"net/netip"
	"strconv"
	"time"

	"firstlight/server/auth"
	"firstlight/server/journal"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

func (a *API) showJob(j *machine.Job) Job {
	shown := Job{
		Status: string(j.Status), Params: maps.Clone(j.Params), Target: j.Target, Requester: j.Requester,
		Action: string(j.Action), CreatedAt: jobTime(j.CreatedAt), ID: j.ID, User: j.User, Version: j.Version,
		Machine: a.nameOf(j.Machine), MachineID: j.Machine, Attempt: j.Attempt, Steps: each(j.Steps, showStep),
	}
	if shown.Params == nil {
		shown.Params = map[string]string{}
	}
	if j.Result != "" {
		shown.Result = &j.Result
	}
	if !j.EndedAt.IsZero() {
		ended := jobTime(j.EndedAt)
		shown.EndedAt = &ended
	}
	shown.Disks = showJobDisks(j.Erase)
	if c := j.Check; c != nil && !c.Ended.IsZero() {
		shown.Check = &JobCheck{c.OK, c.Sentence}
	}
	if c := j.Current(); c != nil && j.Status.Open() {
		shown.Step = c.Name
	}
	return shown
}

func showJobDisks(e *machine.Erase) (all []JobDisk) {
	if e == nil {
		return nil
	}
	for _, d := range e.Disks {
		shown := JobDisk{Serial: d.Serial, Model: d.Model, Bytes: d.Bytes, State: e.State(d.Serial)}
		if last := e.Of(d.Serial); last != nil {
			shown.Method, shown.Error = last.Method, last.Error
		}
		all = append(all, shown)
	}
	return all
}

func showStep(s machine.Step) Step {
	return Step{
		Name: s.Name, Status: string(s.Status), Attempt: s.Attempt, Error: s.Error, Note: s.Note,
		StartedAt: jobTime(s.StartedAt), EndedAt: jobTime(s.EndedAt), Deadline: jobTime(s.Deadline),
	}
}

func jobTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(TimeFormat)
}

// nameOf is the hardware name behind a machine's id.
func (a *API) nameOf(id string) string {
	if m, err := a.DB.Machine(id); err == nil {
		return m.Name
	}
	return ""
}

func (a *API) showEvent(e *journal.Event) Event {
	shown := Event{
		ID: e.ID, At: e.At, Machine: a.nameOf(e.Machine), MAC: e.MAC.String(), Source: string(e.Source), Text: e.Text,
		Details: e.Details, Bytes: e.Bytes, DurationSeconds: e.Duration.Seconds(), Who: e.Who, Job: e.Job, Count: e.Count,
	}
	if e.Count > 1 {
		shown.LastAt = showTime(e.LastAt)
	}
	return shown
}

func eventID(e journal.Event) string { return strconv.FormatInt(e.ID, 10) }

func showSubnet(s *machine.Subnet) Subnet {
	return Subnet{
		Name: s.Name, Prefix: s.Prefix.String(), Network: s.Network, Site: s.Site, Gateway: showAddr(s.Gateway), Domain: s.Domain, Mode: s.Mode,
		Policy: string(s.Policy), LeaseSeconds: int64(s.Lease / time.Second), SecureBoot: s.SecureBoot, DNS: each(s.DNS, netip.Addr.String),
		Ranges: each(s.Ranges, func(r machine.Range) AddressRange { return AddressRange{r.First.String(), r.Last.String()} }),
	}
}

func showRule(r *machine.Rule) Rule { return Rule(*r) }

func showImage(i *machine.Image) Image {
	return Image{
		Name: i.Name, Arch: i.Arch, File: i.File, CompressedBytes: i.Compressed, Bytes: i.Bytes, SHA256: i.SHA256, AddedAt: i.AddedAt,
	}
}

func (a *API) showLease(l lease.Lease, now time.Time) Lease {
	shown := Lease{
		Address: l.Address.String(), MAC: l.MAC.String(), ClientID: l.ClientID, Hostname: l.Hostname, Subnet: l.Subnet,
		State: string(l.State), Active: l.Holds(now), Reserved: l.Reserved, LifeSeconds: int64(l.Life / time.Second),
		ExpiresAt: l.ExpiresAt, UpdatedAt: l.UpdatedAt,
	}
	if m, known := a.DB.ByMAC(l.MAC); known {
		shown.Machine = m.Name
	}
	return shown
}

func showToken(t auth.Token) Token {
	return Token{
		ID: t.ID, Account: t.Account, Label: t.Label, Role: string(t.Role), Teams: t.Teams, CreatedAt: t.CreatedAt, Expires: t.Expires, UsedAt: showTime(t.UsedAt),
	}
}
