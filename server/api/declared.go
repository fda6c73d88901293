package api

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"firstlight/server/auth"
	"firstlight/server/declare"
	"firstlight/server/machine"
)

// MachinePatch changes what is declared of a machine: what it names changes,
// all else stays. An empty text and the number 0 take away what was said.
type MachinePatch struct {
	Name      *string `json:"name,omitempty" doc:"Only where the name was made of a MAC, because the serial says nothing" example:"C0MPUT3"`
	Serial    *string `json:"serial,omitempty" doc:"Only where the firmware has a placeholder" example:"C0MPUT3"`
	Rack      *string `json:"rack,omitempty" doc:"A rack of the plan, which decides site and room. In a new rack, the unit is not known until it is said" example:"lon6-r12"`
	Unit      *int    `json:"unit,omitempty" doc:"Lowest unit that it fills" example:"17"`
	Height    *int    `json:"height,omitempty" doc:"In units" example:"2"`
	Face      *string `json:"face,omitempty" enum:"front,rear," doc:"Side of the rack; empty: it fills both"`
	Site      *string `json:"site,omitempty" doc:"Only for a machine in no rack" example:"lon6"`
	BMCSwitch *string `json:"bmc_switch,omitempty" doc:"Switch that its BMC is cabled to; empty: to none" example:"mgmt1"`
	BMCPort   *string `json:"bmc_port,omitempty" doc:"Port of that switch" example:"7"`
	Hostname  *string `json:"hostname,omitempty" doc:"Name in the DNS" example:"lon6-web-1"`
	Role      *string `json:"role,omitempty" doc:"A role of the plan" example:"web"`
	Pool      *string `json:"pool,omitempty" doc:"A pool of the plan" example:"a"`
	Owner     *string `json:"owner,omitempty" doc:"A team of the plan; one of yours, unless you are an admin" example:"search"`
	Type      *string `json:"type,omitempty" doc:"A hardware type of the plan" example:"high-io"`
	Image     *string `json:"image,omitempty" doc:"That the next install writes" example:"debian-12"`
	Note      *string `json:"note,omitempty" maxLength:"2000" doc:"For people" example:"fan is loud"`

	Tags       *[]string          `json:"tags,omitempty" maxItems:"64" doc:"All of them anew" example:"[\"loaner\"]"`
	AddTags    []string           `json:"add_tags,omitempty" nullable:"false" maxItems:"64" doc:"These come, the others stay" example:"[\"loaner\"]"`
	RemoveTags []string           `json:"remove_tags,omitempty" nullable:"false" maxItems:"64" doc:"These go" example:"[\"new\"]"`
	Params     map[string]string  `json:"params,omitempty" doc:"Parameters for configuration management that change; an empty one goes" example:"{\"tier\":\"gold\"}"`
	NICs       map[string]Cabling `json:"nics,omitempty" doc:"Interfaces by name or MAC"`

	RetireWhenReleased *bool `json:"retire_when_released,omitempty" doc:"It leaves the fleet instead of going to the next owner"`
	NoPowerOff         *bool `json:"no_power_off,omitempty" doc:"Its power is never cut"`
}

// Cabling is what is declared of an interface.
type Cabling struct {
	Name   *string `json:"name,omitempty" doc:"Its name" example:"eth0"`
	Switch *string `json:"switch,omitempty" doc:"Switch that it is cabled to; empty: to none" example:"sw3"`
	Port   *string `json:"port,omitempty" doc:"Port of that switch" example:"23"`
}

// texts are the fields of text, by the names of package declare.
func (p *MachinePatch) texts() map[string]**string {
	return map[string]**string{
		"name": &p.Name, "serial": &p.Serial, "rack": &p.Rack, "face": &p.Face, "site": &p.Site, "hostname": &p.Hostname, "role": &p.Role,
		"pool": &p.Pool, "owner": &p.Owner, "type": &p.Type, "image": &p.Image, "note": &p.Note,
		"bmc_switch": &p.BMCSwitch, "bmc_port": &p.BMCPort,
	}
}

func (p *MachinePatch) numbers() map[string]**int {
	return map[string]**int{"unit": &p.Unit, "height": &p.Height}
}

func (p *MachinePatch) flags() map[string]**bool {
	return map[string]**bool{"retire_when_released": &p.RetireWhenReleased, "no_power_off": &p.NoPowerOff}
}

func (c *Cabling) texts() map[string]**string {
	return map[string]**string{"name": &c.Name, "switch": &c.Switch, "port": &c.Port}
}

// changes are what the body asks for, as package declare spells it.
func (p *MachinePatch) changes() (map[string]string, error) {
	all := map[string]string{}
	said(all, "", p.texts(), func(s string) string { return s })
	said(all, "", p.numbers(), strconv.Itoa)
	said(all, "", p.flags(), strconv.FormatBool)
	for key, value := range p.Params {
		all["param."+key] = value
	}
	for _, ref := range slices.Sorted(maps.Keys(p.NICs)) {
		c := p.NICs[ref]
		said(all, "nic."+ref+".", c.texts(), func(s string) string { return s })
	}
	signed := signs("+", p.AddTags) + signs("-", p.RemoveTags)
	switch {
	case p.Tags != nil && signed != "":
		return nil, wrong("tags", strings.Join(*p.Tags, ","), "stands beside add_tags or remove_tags: send all tags, or those that come and go")
	case p.Tags != nil:
		all["tags"] = strings.Join(*p.Tags, ",")
	case signed != "":
		all["tags"] = signed
	}
	return all, nil
}

// said adds the fields that are there.
func said[T any](all map[string]string, before string, fields map[string]**T, text func(T) string) {
	for name, at := range fields {
		if *at != nil {
			all[before+name] = text(**at)
		}
	}
}

func signs(sign string, tags []string) (text string) {
	for _, t := range tags {
		text += sign + t + ","
	}
	return text
}

// PatchOf is the body that asks for changes, which stand as package declare
// spells them.
func PatchOf(changes map[string]string) (MachinePatch, error) {
	var p MachinePatch
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		if _, err := declare.MachineOf(name); err != nil {
			return p, err
		}
		if err := p.ask(name, changes[name]); err != nil {
			return p, err
		}
	}
	return p, nil
}

// ask adds one change. A value is read here only where JSON has another kind for
// it; all else the appliance judges.
func (p *MachinePatch) ask(name, value string) error {
	if at := p.texts()[name]; at != nil {
		*at = &value
		return nil
	}
	m := &machine.Machine{Serial: "0"} // reads values as a machine would
	f, err := declare.MachineOf(name)
	if err == nil && (f.Number || f.Flag) {
		err = f.Set(m, value)
	}
	if err != nil {
		return err
	}
	family, part, _ := declare.Part(name)
	switch {
	case f.Number:
		n := map[string]int{"unit": m.Unit, "height": m.Height}[name]
		*p.numbers()[name] = &n
	case f.Flag:
		b := map[string]bool{"retire_when_released": m.Flags.RetireWhenReleased, "no_power_off": m.Flags.NoPowerOff}[name]
		*p.flags()[name] = &b
	case name == "tags":
		p.askTags(value)
	case name == "params":
		return p.askParams(f, value)
	case family == "param":
		p.param(part, value)
	case family == "nic":
		p.askNIC(part, value)
	}
	return nil
}

func (p *MachinePatch) askTags(value string) {
	all := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
	for _, t := range all {
		switch t[0] {
		case '+':
			p.AddTags = append(p.AddTags, t[1:])
		case '-':
			p.RemoveTags = append(p.RemoveTags, t[1:])
		default:
			if p.Tags == nil {
				p.Tags = &[]string{}
			}
			*p.Tags = append(*p.Tags, t)
		}
	}
	if len(all) == 0 {
		p.Tags = &[]string{}
	}
}

func (p *MachinePatch) askParams(f declare.Field[*machine.Machine], value string) error {
	m := &machine.Machine{}
	if err := f.Set(m, value); err != nil {
		return err
	}
	for k, v := range m.Params {
		p.param(k, v)
	}
	return nil
}

func (p *MachinePatch) param(key, value string) {
	if p.Params == nil {
		p.Params = map[string]string{}
	}
	p.Params[key] = value
}

func (p *MachinePatch) askNIC(part, value string) {
	dot := strings.LastIndexByte(part, '.')
	ref, field := part[:dot], part[dot+1:]
	if p.NICs == nil {
		p.NICs = map[string]Cabling{}
	}
	c := p.NICs[ref]
	*c.texts()[field] = &value
	p.NICs[ref] = c
}

type patchInput struct {
	MachineRef
	Body MachinePatch
}

func (a *API) patchMachine(ctx context.Context, in *patchInput) (Machine, error) {
	m, err := a.DB.Machine(in.Ref)
	if err != nil {
		return Machine{}, err
	}
	changes, err := in.Body.changes()
	if err != nil {
		return Machine{}, err
	}
	who, _ := auth.From(ctx)
	if _, err := a.Desk.SetMachine(ctx, who, m.ID, 0, changes); err != nil {
		return Machine{}, err
	}
	return a.machine(ctx, &MachineRef{m.ID})
}
