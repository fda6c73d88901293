package api

import (
	"encoding/json"
	"fmt"
	"time"

	"firstlight/server/machine"
)

// ShowPlan gives an item of the plan as the API says it; nil for one of a list
// that the API does not know.
func ShowPlan(p machine.Plan, version int64) PlanBody {
	switch p := p.(type) {
	case *machine.Site:
		return Site{Planned{p.Name, p.Note, version}, p.Title}
	case *machine.Room:
		return Room{Planned{p.Name, p.Note, version}, p.Site, p.Title}
	case *machine.Rack:
		return Rack{Planned{p.Name, p.Note, version}, p.Site, p.Room, p.Units}
	case *machine.HardwareType:
		return HardwareType{
			Planned: Planned{p.Name, p.Note, version}, Title: p.Title, Vendor: p.Vendor, Product: p.Product, Height: p.Height, Sockets: p.Sockets,
			Cores: p.Cores, MemoryBytes: p.Memory, DIMMs: p.DIMMs, Disks: each(p.Disks, func(d machine.DiskSpec) DiskSpec { return DiskSpec(d) }), NICs: p.NICs, Mbps: p.Mbps, Limits: p.Limits,
		}
	case *machine.Team:
		return Team{Planned{p.Name, p.Note, version}, p.Title, p.Contact}
	case *machine.Service:
		return Service{Planned{p.Name, p.Note, version}, p.Protocol, p.Port, p.Priority, p.Weight}
	case *machine.Role:
		return Role{Planned{p.Name, p.Note, version}, p.Title, p.Team, p.Services, p.Classes, p.Environment, p.Params}
	case *machine.Pool:
		return Pool{Planned{p.Name, p.Note, version}, p.ID, p.Site, p.Role}
	case *machine.Gate:
		return Gate{Planned{p.Name, p.Note, version}, p.Title, string(p.From), string(p.To), p.Match, p.URL, int64(p.Deadline / time.Second)}
	case *machine.OptionSet:
		return OptionSet{Planned{p.Name, p.Note, version}, each(p.Options, func(o machine.Option) DHCPOption { return DHCPOption(o) }), p.Match, p.Subnets, p.Priority}
	}
	return nil
}

// readPlan is what a body says; the name of the path counts.
func readPlan(b PlanBody, name string) machine.Plan {
	switch b := b.(type) {
	case Site:
		return &machine.Site{Name: name, Title: b.Title, Note: b.Note}
	case Room:
		return &machine.Room{Name: name, Site: b.Site, Title: b.Title, Note: b.Note}
	case Rack:
		return &machine.Rack{Name: name, Site: b.Site, Room: b.Room, Units: b.Units, Note: b.Note}
	case HardwareType:
		t := &machine.HardwareType{
			Name: name, Title: b.Title, Vendor: b.Vendor, Product: b.Product, Height: b.Height, Sockets: b.Sockets,
			Cores: b.Cores, Memory: b.MemoryBytes, DIMMs: b.DIMMs, NICs: b.NICs, Mbps: b.Mbps, Limits: b.Limits, Note: b.Note,
		}
		for _, d := range b.Disks {
			t.Disks = append(t.Disks, machine.DiskSpec(d))
		}
		return t
	case Team:
		return &machine.Team{Name: name, Title: b.Title, Contact: b.Contact, Note: b.Note}
	case Service:
		return &machine.Service{Name: name, Protocol: b.Protocol, Port: b.Port, Priority: b.Priority, Weight: b.Weight, Note: b.Note}
	case Role:
		return &machine.Role{Name: name, Title: b.Title, Team: b.Team, Services: b.Services, Classes: b.Classes, Environment: b.Environment, Params: b.Params, Note: b.Note}
	case Pool:
		return &machine.Pool{Name: name, Site: b.Site, Role: b.Role, Note: b.Note}
	case Gate:
		return &machine.Gate{
			Name: name, Title: b.Title, From: machine.Status(b.From), To: machine.Status(b.To), Match: b.Match, URL: b.URL,
			Deadline: time.Duration(b.DeadlineSeconds) * time.Second, Note: b.Note,
		}
	case OptionSet:
		return &machine.OptionSet{
			Name: name, Options: each(b.Options, func(o DHCPOption) machine.Option { return machine.Option(o) }),
			Match: b.Match, Subnets: b.Subnets, Priority: b.Priority, Note: b.Note,
		}
	}
	return nil
}

// ReadPlan reads an item of a list that the API wrote, with its version.
func ReadPlan(kind machine.PlanKind, text []byte) (machine.Plan, int64, error) {
	b := map[machine.PlanKind]func() (PlanBody, int64, error){
		machine.KindSite: bodyOf[Site](text), machine.KindRoom: bodyOf[Room](text), machine.KindRack: bodyOf[Rack](text),
		machine.KindType: bodyOf[HardwareType](text), machine.KindTeam: bodyOf[Team](text), machine.KindService: bodyOf[Service](text),
		machine.KindRole: bodyOf[Role](text), machine.KindPool: bodyOf[Pool](text), machine.KindGate: bodyOf[Gate](text),
		machine.KindOption: bodyOf[OptionSet](text),
	}[kind]
	if b == nil {
		return nil, 0, fmt.Errorf("there is no list %q", kind)
	}
	body, version, err := b()
	if err != nil {
		return nil, 0, err
	}
	return readPlan(body, body.name()), version, nil
}

func bodyOf[T PlanBody](text []byte) func() (PlanBody, int64, error) {
	return func() (PlanBody, int64, error) {
		var v struct{ Version int64 }
		var b T
		if err := json.Unmarshal(text, &b); err != nil {
			return b, 0, err
		}
		return b, v.Version, json.Unmarshal(text, &v)
	}
}
