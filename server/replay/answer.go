package replay

import (
	"fmt"
	"strings"
	"time"

	"firstlight/server/boot"
	"firstlight/server/discovery"
	"firstlight/server/machine"
)

// answer is what one who boots gets, to the end: a machine that registers is
// judged by the rules.
type answer struct {
	words    string
	installs bool
}

// side is a world, and the verdicts that it gave already.
type side struct {
	World
	judged map[judgedKey]answer
}

type judgedKey struct {
	who, subnet string
	owned       bool
}

func newSide(w World) side { return side{w, map[judgedKey]answer{}} }

func (s *side) answer(p *Replayer, at time.Time, r *boot.Record) answer {
	subnet := s.Subnets[r.Request.Subnet]
	if r.Request.Subnet != "" && (subnet == nil || subnet.Mode == machine.ModeOff) {
		return answer{words: "no answer: its subnet is not served"}
	}
	k := r.Known()
	if k.Machine == nil && subnet != nil {
		k.Policy = subnet.Policy
	}
	if k.Machine != nil {
		if locked, said := s.Locked[k.Machine.ID]; said {
			k.Machine.Flags.Locked = locked
		}
	}
	a := boot.Decide(r.Request, k, at)
	words := wording(a)
	if a.Mode != boot.ModeRegister {
		return answer{words, a.Mode == boot.ModeInstall || a.Mode == boot.ModeErase}
	}
	if !p.differ && r.Answer.Mode == boot.ModeRegister && k.Machine != nil {
		return answer{words: words} // the rules say on both sides what they said then
	}
	j := s.judge(p, r)
	return answer{words + j.words, j.installs}
}

func wording(a boot.Answer) string {
	switch a.Target {
	case boot.Disk:
		return "its own disk"
	case boot.Agent:
		return "the agent, to " + strings.TrimPrefix(string(a.Mode), "to ")
	case boot.Wait:
		return "wait"
	default:
		return "no answer"
	}
}

// judge tells what the rules make of a machine that registers.
func (s *side) judge(p *Replayer, r *boot.Record) answer {
	key := judgedKey{r.Machine, r.Request.Subnet, r.Owned}
	if r.Machine == "" {
		key.who = r.Request.MAC.String() + r.Request.UUID + r.Request.Serial
	}
	if known, ok := s.judged[key]; ok {
		return known
	}
	a := s.verdict(p, r)
	s.judged[key] = a
	return a
}

func (s *side) verdict(p *Replayer, r *boot.Record) answer {
	m := p.machine(r)
	if m == nil || m.Facts == nil {
		return s.stranger(p, r)
	}
	then := m.Clone()
	then.Owned, then.Status = r.Owned, r.Status
	v := discovery.Judge(then, s.known(p, r, then))
	if !v.Accept {
		return answer{words: "; then held: " + v.Reason}
	}
	return taken(v.Rule, "")
}

// stranger is somebody of whom nobody knows more than what the request says:
// rules that ask for more may take it all the same.
func (s *side) stranger(p *Replayer, r *boot.Record) answer {
	m := &machine.Machine{Serial: r.Request.Serial, UUID: r.Request.UUID, NICs: []machine.NIC{{MAC: r.Request.MAC, Boot: true}}, Facts: &machine.Facts{}}
	for _, o := range discovery.Try(m, s.known(p, r, m)).Opinions {
		if o.Decides && o.Rule.Accept {
			return taken(o.Rule, " if its disks are empty")
		}
	}
	return answer{}
}

func taken(r *machine.Rule, unless string) answer {
	switch {
	case r == nil:
		return answer{}
	case r.Image == "":
		return answer{words: fmt.Sprintf("; then available at %s%s", r.Site, unless)}
	default:
		return answer{fmt.Sprintf("; then %s is installed as %s%s", r.Image, r.Role, unless), true}
	}
}

func (s *side) known(p *Replayer, r *boot.Record, m *machine.Machine) discovery.Known {
	released := map[string]bool{}
	for serial := range m.Released {
		released[serial] = true
	}
	return discovery.Known{
		Subnet: r.Request.Subnet, Rules: s.Rules, Released: released, Plan: p.facts.Plan, Images: p.facts.Images,
		Accepted: func(rule string) int { return p.facts.Accepted(rule, m.ID) },
	}
}
