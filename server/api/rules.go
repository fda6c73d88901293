package api

import (
	"context"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// RulePut is the whole of a rule as it shall be.
type RulePut struct {
	Name   string `json:"name,omitempty" maxLength:"63" doc:"May be left out; else it must be the name of the path" example:"lab-metal"`
	Order  int    `json:"order,omitempty" minimum:"0" maximum:"10000" doc:"Place in the list, from 1; the others move up. Absent: where it stands, or the end for a new one" example:"1"`
	Match  string `json:"match,omitempty" maxLength:"2000" doc:"Selector over discovered facts and the subnet; absent: every machine" example:"subnet=lab memory>=64000000000"`
	Accept bool   `json:"accept,omitempty" doc:"Absent or false: what matches is held"`
	Site   string `json:"site,omitempty" maxLength:"63" doc:"Where its machines stand; an accepting rule must say it" example:"lon6"`
	Rack   string `json:"rack,omitempty" maxLength:"63" doc:"A rack of the site" example:"lon6-r12"`
	Role   string `json:"role,omitempty" maxLength:"63" doc:"What its machines do" example:"web"`
	Image  string `json:"image,omitempty" maxLength:"63" doc:"Installed at once; absent: the machine stays available" example:"debian-12"`
	Limit  int    `json:"limit,omitempty" minimum:"0" doc:"Machines that it may accept in all; absent: any number" example:"2"`
	Check  int64  `json:"check_seconds,omitempty" minimum:"0" maximum:"259200" doc:"How long the hardware of each is checked before it becomes available, from a minute on; absent: not at all" example:"600"`
}

// RuleName names a rule.
type RuleName struct {
	Name string `path:"name" maxLength:"63" doc:"Its name" example:"lab-metal"`
}

func (a *API) rules(context.Context, *struct{}) (List[Rule], error) {
	return whole(a.DB.Rules(), showRule), nil
}

func (a *API) rule(_ context.Context, in *RuleName) (Rule, error) {
	r, err := a.DB.Rule(in.Name)
	if err != nil {
		return Rule{}, err
	}
	return showRule(r), nil
}

type ruleInput struct {
	RuleName
	Body RulePut
}

func (a *API) putRule(ctx context.Context, in *ruleInput) (Rule, error) {
	p := in.Body
	if p.Name != "" && p.Name != in.Name {
		return Rule{}, wrong("name", p.Name, "differs from the path's "+in.Name+": leave it out, or put it to its own path")
	}
	who, _ := auth.From(ctx)
	r := &machine.Rule{Name: in.Name, Order: p.Order, Match: p.Match, Accept: p.Accept, Site: p.Site, Rack: p.Rack, Role: p.Role, Image: p.Image, Limit: p.Limit, Check: p.Check}
	if err := a.Desk.PutRule(ctx, who, r, anyRule); err != nil {
		return Rule{}, err
	}
	return a.rule(ctx, &in.RuleName)
}

// Trial is what the rules would say of a machine now.
type Trial struct {
	Machine  string    `json:"machine" example:"C0MPUT3"`
	Subnet   string    `json:"subnet" doc:"From which it reported" example:"lab"`
	Accepted bool      `json:"accepted" doc:"It would become available"`
	Reason   string    `json:"reason,omitempty" doc:"Why it would be held, in one word" example:"no-rule"`
	Sentence string    `json:"sentence,omitempty" doc:"The same for people" example:"no rule accepts it: serial C0MPUT3, Dell R640 on subnet lab"`
	Rules    []Opinion `json:"rules" nullable:"false" doc:"All rules, in their order"`
}

// Opinion is what one rule says of a machine.
type Opinion struct {
	Rule    string `json:"rule" example:"lab-metal"`
	Match   string `json:"match" doc:"Its selector" example:"subnet=lab cores>=64"`
	Matches bool   `json:"matches"`
	Decides bool   `json:"decides" doc:"The first that matches and has room"`
	Why     string `json:"why" doc:"The first term that does not match, or what the rule does" example:"cores is 32, not >=64"`
}

func (a *API) tryRules(ctx context.Context, in *MachineRef) (Trial, error) {
	t, err := a.Desk.TryRules(ctx, in.Ref)
	if err != nil {
		return Trial{}, err
	}
	shown := Trial{Machine: t.Machine.Name, Subnet: t.Subnet, Accepted: t.Verdict.Accept, Reason: t.Verdict.Reason, Sentence: t.Verdict.Sentence, Rules: []Opinion{}}
	for _, o := range t.Opinions {
		shown.Rules = append(shown.Rules, Opinion{o.Rule.Name, o.Rule.Match, o.Matches, o.Decides, o.Why})
	}
	return shown, nil
}

// anyRule lets a write find whatever there is: its conditions were held against
// it before (rest).
func anyRule(*machine.Rule) error { return nil }

func (a *API) dropRule(ctx context.Context, in *RuleName) error {
	who, _ := auth.From(ctx)
	return a.Desk.DropRule(ctx, who, in.Name, anyRule)
}
