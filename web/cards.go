package web

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"firstlight/server/auth"
	"firstlight/server/boot"
	"firstlight/server/discovery"
	"firstlight/server/machine"
	"firstlight/server/trust"
)

// cardsData are the three answers: what it should do, what it did and waits
// for, what it would get now.
type cardsData struct {
	Should []word
	Did    didData
	Now    nowData
}

// word is a run of text, in monospace where machines or programs gave it.
type word struct {
	Text string
	Code bool
}

type didData struct {
	*machine.Machine
	Answer string // of the last boot request
	Waits  string
	System bool   // the last who spoke was the installed system, not the agent
	Bundle string // its address, for who may take it
	Shown  *trust.Evidence
}

type nowData struct {
	Sentence, Why, Error string
	Request              boot.Request
	Lines                []string
}

func (s *Site) cards(ctx context.Context, m *machine.Machine, job *machine.Job) cardsData {
	c := cardsData{Should: should(m, job), Did: did(m), Now: s.wouldGet(ctx, m)}
	u, _ := auth.From(ctx)
	c.Did.Bundle = bundleURL(u, m.Name)
	if e := s.Data.Shown(m); !e.Token.At.IsZero() {
		c.Did.Shown = &e
	}
	return c
}

// purposes says in a sentence what a machine of a status should do.
var purposes = map[machine.Status]string{
	machine.Expected:    "Arrive: it stands on a delivery list and was never seen.",
	machine.Registered:  "Wait in the agent while it is checked.",
	machine.Held:        "Wait in the agent for a person, its disks untouched.",
	machine.Available:   "Wait in the agent, powered on, until somebody wants it.",
	machine.Allocated:   "Wait in the agent until its install starts.",
	machine.Installing:  "Be installed, but no job is open for it.",
	machine.Configuring: "Boot from its own disk and call home.",
	machine.InUse:       "Run from its own disk. Nothing here writes to it.",
	machine.Recycling:   "Have its disks erased, then be checked anew.",
	machine.Broken:      "Be left alone until a person decides.",
	machine.Repairing:   "Be repaired.",
	machine.Retiring:    "Have its disks erased, then leave.",
	machine.Retired:     "Be gone. The record stays.",
}

func should(m *machine.Machine, job *machine.Job) []word {
	if job == nil {
		return []word{{Text: purposes[m.Status]}}
	}
	words := []word{{Text: "Write"}, {job.Params["image"], true}}
	if job.Action != machine.ActionInstall || job.Params["image"] == "" {
		words = []word{{Text: "Run"}, {string(job.Action), true}}
	}
	if disk := findDisk(m, job.Params["disk"]); disk != nil {
		words = append(words, word{Text: "to disk"}, word{disk.Serial, true}, word{Text: "(" + discovery.Bytes(disk.Bytes) + ")"})
	}
	then := "then boot it."
	if job.Erase != nil {
		words, then = []word{{Text: "Erase"}, {job.Params["disks"], true}}, "then report anew."
	}
	words = append(words, word{Text: then}, word{Text: "Job"}, word{short(job.ID), true})
	rest := fmt.Sprintf("step %d of %d, attempt %d", min(job.StepIndex()+1, len(job.Steps)), len(job.Steps), max(job.Attempt, 1))
	if job.Requester != "" {
		rest += ", asked by " + job.Requester
	}
	return append(words, word{Text: rest + "."})
}

func findDisk(m *machine.Machine, serial string) *machine.Disk {
	if m.Facts == nil || serial == "" {
		return nil
	}
	for i := range m.Facts.Disks {
		if m.Facts.Disks[i].Serial == serial {
			return &m.Facts.Disks[i]
		}
	}
	return nil
}

func did(m *machine.Machine) didData {
	o := m.Observed
	system := !o.HomeAt.IsZero() && (m.Status == machine.InUse || m.Status == machine.Configuring)
	waits := sentence(o.Waits)
	if system {
		waits = "" // what the agent said last is over
	}
	return didData{Machine: m, Answer: answers[boot.Target(o.BootAnswer)], Waits: waits, System: system}
}

// answers spells the last boot answer.
var answers = map[boot.Target]string{
	boot.Ignore: "no answer", boot.Disk: "its own disk", boot.Agent: "the agent", boot.Wait: "nothing yet",
}

func (s *Site) wouldGet(ctx context.Context, m *machine.Machine) nowData {
	answer, request, lines, err := s.Insight.Explain(ctx, m.Name)
	if err != nil {
		return nowData{Error: err.Error()}
	}
	return nowData{Sentence: target(answer), Why: sentence(answer.Why), Request: request, Lines: lines}
}

// target spells what a machine boots.
func target(a boot.Answer) string {
	switch a.Target {
	case boot.Disk:
		return "Its own disk."
	case boot.Wait:
		return "Nothing yet: it asks again, then boots its own disk."
	case boot.Agent:
		return modes[a.Mode]
	default:
		return "No answer."
	}
}

var modes = map[boot.Mode]string{
	boot.ModeNone:     "The agent.",
	boot.ModeRegister: "The agent, to report what it is. Disks stay read-only.",
	boot.ModeHold:     "The agent, to wait. Disks stay read-only.",
	boot.ModeIdle:     "The agent, to wait for orders. Disks stay read-only.",
	boot.ModeInstall:  "The agent, to be installed once its token is redeemed.",
	boot.ModeErase:    "The agent, to be erased once its token is redeemed.",
	boot.ModeDiagnose: "The agent, to be looked at. Disks stay read-only.",
}

// diskName is a disk as the kernel calls it, where the name has no digit.
var diskName = regexp.MustCompile(`^(sd|vd|hd|xvd)[a-z]{1,3}$`)

// isName tells whether a word is a name that a machine, a vendor or a program
// gave, such as nvme0n1, vda, eth0, 52:54:00:00:00:01 or param.tier: it has what
// words of a sentence have not.
func isName(word string) bool {
	word = strings.TrimRight(word, ".,:;!?")
	return strings.ContainsAny(word, "0123456789_:/.=@") || diskName.MatchString(word) ||
		strings.ContainsFunc(strings.TrimLeftFunc(word, unicode.IsLower), unicode.IsUpper)
}

// sentence begins with a capital and ends as sentences do. A name stays as it is.
func sentence(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return ""
	}
	if word, _, _ := strings.Cut(s, " "); isName(word) {
		return punctuated(s)
	}
	return punctuated(string(unicode.ToUpper(first)) + s[n:])
}

func punctuated(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}
