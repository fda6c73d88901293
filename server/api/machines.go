package api

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/operate"
	"firstlight/server/whereabouts"
)

// MachineRef names one machine. It is exported because huma reads only the
// exported parts of an input.
type MachineRef struct {
	Ref string `path:"ref" maxLength:"200" doc:"Name, id, MAC or host name of a machine" example:"C0MPUT3"`
}

type machinesInput struct {
	Page
	Selector string `query:"selector" maxLength:"1024" doc:"Which machines; absent: all" example:"status=available rack=r12"`
	Facts    bool   `query:"facts" doc:"With what the agent saw of the hardware"`
}

func (a *API) machines(ctx context.Context, in *machinesInput) (List[Machine], error) {
	sel, err := machine.ParseSelector(in.Selector)
	if err != nil {
		return List[Machine]{}, at("query.selector", in.Selector, err)
	}
	total, err := a.DB.Count(ctx, sel)
	if err != nil {
		return List[Machine]{}, selectorProblem(in.Selector, err)
	}
	rows, err := a.DB.Page(ctx, sel, in.Cursor, in.Limit+1)
	if err != nil {
		return List[Machine]{}, err
	}
	l := List[Machine]{Total: total, Items: make([]Machine, 0, len(rows))}
	for _, m := range rows[:min(len(rows), in.Limit)] {
		if in.Facts || asksFor(ctx, "facts") {
			if m, err = a.DB.Full(ctx, m); err != nil {
				return l, err
			}
		}
		l.Items = append(l.Items, a.showMachine(m))
	}
	if len(rows) > in.Limit {
		l.NextCursor = rows[in.Limit-1].Name
	}
	return l, nil
}

// selectorProblem puts a selector that cannot be asked of the database where it
// was given.
func selectorProblem(text string, err error) error {
	if _, ok := errors.AsType[*machine.SelectorError](err); ok {
		return at("query.selector", text, err)
	}
	return err
}

// at is a problem of one field, whose error says it in full.
func at(location string, value any, err error) error {
	return huma.Error422UnprocessableEntity(err.Error(), &huma.ErrorDetail{Message: err.Error(), Location: location, Value: value})
}

func (a *API) machine(ctx context.Context, in *MachineRef) (Machine, error) {
	m, err := a.DB.Machine(in.Ref)
	if err != nil {
		return Machine{}, err
	}
	if m, err = a.DB.Full(ctx, m); err != nil {
		return Machine{}, err
	}
	shown := a.showMachine(m)
	shown.Trust = showTrust(a.DB.Shown(m))
	shown.Where = showWhere(whereabouts.Of(m, whereabouts.NewFleet(a.DB.Machines)))
	return shown, nil
}

type timelineInput struct {
	MachineRef
	Page
}

func (a *API) timeline(ctx context.Context, in *timelineInput) (Tail[Event], error) {
	m, err := a.DB.Machine(in.Ref)
	if err != nil {
		return Tail[Event]{}, err
	}
	before, err := idCursor(in.Cursor)
	if err != nil {
		return Tail[Event]{}, err
	}
	rows, err := a.DB.Timeline(ctx, m.ID, before, in.Limit+1)
	if err != nil {
		return Tail[Event]{}, err
	}
	return tail(rows, in.Limit, eventID, func(e journal.Event) Event { return a.showEvent(&e) }), nil
}

func (a *API) history(ctx context.Context, in *MachineRef) (List[Change], error) {
	m, err := a.DB.Machine(in.Ref)
	if err != nil {
		return List[Change]{}, err
	}
	rows, err := a.DB.History(ctx, m.ID)
	if err != nil {
		return List[Change]{}, err
	}
	return whole(rows, showChange), nil
}

// boot explains; where only the script cannot be written, the rest still says
// what was decided and why.
func (a *API) boot(ctx context.Context, in *MachineRef) (Boot, error) {
	e, err := a.Desk.Lookup(ctx, in.Ref)
	if errors.Is(err, machine.ErrNotFound) {
		return Boot{}, noMachineToBoot(err)
	}
	if err != nil && e.Answer.Why == "" {
		return Boot{}, err
	}
	shown := showBoot(e)
	lost := a.showSeen(ctx, in.Ref, e.Known.Machine, &shown)
	if errors.Is(lost, machine.ErrAway) {
		// The decision is in memory; what was seen of earlier boots is not.
		err, lost = errors.Join(err, errors.New("what was seen of its boots is not told: the database does not answer")), nil
	}
	if lost != nil {
		return Boot{}, lost
	}
	if err != nil {
		shown.Problem = err.Error()
	}
	return shown, nil
}

// showSeen adds what was seen of the boots of a machine, or of a MAC that
// nobody knows.
func (a *API) showSeen(ctx context.Context, ref string, m *machine.Machine, shown *Boot) error {
	wrong, err := a.Desk.Diagnose(ctx, ref)
	if err != nil {
		return err
	}
	shown.Wrong = each(wrong, showDiagnosis)
	if m == nil {
		return nil
	}
	shown.Waits = a.showWaits(m.ID)
	clock, err := a.Desk.Clock(ctx, m.ID)
	if err == nil {
		shown.Clock = showClock(clock)
	}
	paths, lost := a.Desk.Paths(ctx, m.ID)
	shown.Boots = each(paths, showPath)
	return errors.Join(err, lost)
}

type simulateInput struct {
	Machine  string `query:"machine" maxLength:"200" doc:"Name, id, MAC or host name of a machine, or any MAC; absent: one that nobody knows" example:"C0MPUT3"`
	Subnet   string `query:"subnet" maxLength:"63" doc:"Where it boots; absent: where it was last, or the only one" example:"lab"`
	Firmware string `query:"firmware" maxLength:"16" doc:"bios, uefi, or http for UEFI's HTTP boot; absent: uefi" example:"uefi"`
	Arch     string `query:"arch" maxLength:"16" doc:"x64, x86, arm64, or the number of DHCP option 93 (RFC 4578); absent: x64" example:"x64"`
	Card     string `query:"card" maxLength:"9" doc:"PCI vendor and device of the card that it boots through, as iPXE tells them; left out for what its loader said last" example:"1425:5410"`
	Vendor   string `query:"vendor_class" maxLength:"255" doc:"DHCP option 60, where it is not the firmware's usual one" example:"PXEClient:Arch:00007:UNDI:003016"`
}

func (a *API) simulate(ctx context.Context, in *simulateInput) (BootSimulation, error) {
	s, err := a.Desk.Simulate(ctx, operate.BootClient{Ref: in.Machine, Subnet: in.Subnet, Firmware: in.Firmware, Arch: in.Arch, Vendor: in.Vendor, Card: in.Card})
	if errors.Is(err, machine.ErrNotFound) {
		return BootSimulation{}, noMachineToBoot(err)
	}
	if s == nil {
		return BootSimulation{}, err
	}
	shown := BootSimulation{Steps: []BootStep{}, Options: each(s.Options, showApplied)}
	for _, step := range s.Steps {
		shown.Steps = append(shown.Steps, BootStep(step))
	}
	if s.Boot != nil {
		boot := showBoot(*s.Boot)
		if shown.Boot = &boot; err != nil {
			boot.Problem = err.Error()
		}
	}
	return shown, nil
}

func showApplied(s machine.AppliedSet) AppliedOptions {
	return AppliedOptions{Set: s.Name, Options: each(s.Options, func(o machine.AppliedOption) AppliedOption {
		return AppliedOption{Option: o.Option.Option, Code: int(o.Code), Value: o.Value, By: o.By}
	})}
}

func noMachineToBoot(err error) error {
	return huma.Error404NotFound(err.Error() + ": ask for a machine's name or id, or for a MAC such as 52:54:00:12:34:56")
}

type logInput struct {
	MachineRef
	Lines int `query:"lines" default:"200" minimum:"1" maximum:"2000" doc:"How many at most"`
}

// logRows are the newest rows of the journal that are looked through for a log.
const logRows = 1000

func (a *API) log(ctx context.Context, in *logInput) (Log, error) {
	m, err := a.DB.Machine(in.Ref)
	if err != nil {
		return Log{}, err
	}
	rows, err := a.DB.Timeline(ctx, m.ID, 0, logRows)
	return Log{Lines: filled(journal.LogLines(rows, in.Lines))}, err
}

// filled is a list that JSON writes as [] when it is empty.
func filled[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
