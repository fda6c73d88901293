package declare

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"firstlight/server/machine"
)

// Plan are the fields of a list of the plan, but for the name; nil where there
// is no such list.
func Plan(kind machine.PlanKind) []Field[machine.Plan] { return planFields[kind] }

var planFields = map[machine.PlanKind][]Field[machine.Plan]{
	machine.KindSite: {
		of(textOf("title", "what people call it", func(p *machine.Site) *string { return &p.Title })),
		of(long(textOf("note", "for people", func(p *machine.Site) *string { return &p.Note }))),
	},
	machine.KindRoom: {
		of(must(from(machine.KindSite, textOf("site", "where it is", func(p *machine.Room) *string { return &p.Site })))),
		of(textOf("title", "what people call it", func(p *machine.Room) *string { return &p.Title })),
		of(long(textOf("note", "for people", func(p *machine.Room) *string { return &p.Note }))),
	},
	machine.KindRack: {
		of(must(from(machine.KindSite, textOf("site", "where it stands", func(p *machine.Rack) *string { return &p.Site })))),
		of(from(machine.KindRoom, textOf("room", "room of the site", func(p *machine.Rack) *string { return &p.Room }))),
		of(must(numberOf("units", "height in units, counted from below", func(p *machine.Rack) *int { return &p.Units }))),
		of(long(textOf("note", "for people", func(p *machine.Rack) *string { return &p.Note }))),
	},
	machine.KindType: typeFields,
	machine.KindTeam: {
		of(textOf("title", "what people call it", func(p *machine.Team) *string { return &p.Title })),
		of(textOf("contact", "where to reach it: an address, a channel", func(p *machine.Team) *string { return &p.Contact })),
		of(long(textOf("note", "for people", func(p *machine.Team) *string { return &p.Note }))),
	},
	machine.KindService: {
		of(must(words([]string{"tcp", "udp"}, textOf("protocol", "tcp or udp", func(p *machine.Service) *string { return &p.Protocol })))),
		of(must(numberOf("port", "where it is answered", func(p *machine.Service) *int { return &p.Port }))),
		of(numberOf("priority", "the lowest is asked first (RFC 2782)", func(p *machine.Service) *int { return &p.Priority })),
		of(numberOf("weight", "share among those of one priority", func(p *machine.Service) *int { return &p.Weight })),
		of(long(textOf("note", "for people", func(p *machine.Service) *string { return &p.Note }))),
	},
	machine.KindRole: {
		of(textOf("title", "what people call it", func(p *machine.Role) *string { return &p.Title })),
		of(from(machine.KindTeam, textOf("team", "that owns it", func(p *machine.Role) *string { return &p.Team }))),
		of(from(machine.KindService, listOf("services", "that its machines answer, with commas between", func(p *machine.Role) *[]string { return &p.Services }))),
		of(listOf("classes", "of configuration management, with commas between", func(p *machine.Role) *[]string { return &p.Classes })),
		of(textOf("environment", "of configuration management", func(p *machine.Role) *string { return &p.Environment })),
		of(pairsOf("params", "of configuration management: name=value, one on a line", func(p *machine.Role) *map[string]string { return &p.Params })),
		of(long(textOf("note", "for people", func(p *machine.Role) *string { return &p.Note }))),
	},
	machine.KindPool: {
		of(must(from(machine.KindSite, textOf("site", "of its machines", func(p *machine.Pool) *string { return &p.Site })))),
		of(must(from(machine.KindRole, textOf("role", "of its machines", func(p *machine.Pool) *string { return &p.Role })))),
		of(long(textOf("note", "for people", func(p *machine.Pool) *string { return &p.Note }))),
	},
	machine.KindGate: {
		of(must(textOf("title", "what is waited for, such as switch VLAN", func(p *machine.Gate) *string { return &p.Title }))),
		of(must(status("from", "status that waits", func(p *machine.Gate) *machine.Status { return &p.From }))),
		of(must(status("to", "status that is waited for", func(p *machine.Gate) *machine.Status { return &p.To }))),
		of(selectorOf("match", "selector: only these machines", func(p *machine.Gate) *string { return &p.Match })),
		of(must(textOf("url", "of the system that is asked", func(p *machine.Gate) *string { return &p.URL }))),
		of(must(spanOf("deadline", "how long it is waited for, such as 40s", func(p *machine.Gate) *time.Duration { return &p.Deadline }))),
		of(long(textOf("note", "for people", func(p *machine.Gate) *string { return &p.Note }))),
	},
	machine.KindOption: {
		of(must(optionsOf("options", "option=value, one on a line, such as ntp-servers=10.80.12.5, mtu=9000 or 224=hex:0102"))),
		of(selectorOf("match", "selector: only these machines, by what people set (role, pool, type, site, name); empty: every client", func(p *machine.OptionSet) *string { return &p.Match })),
		of(listOf("subnets", "only there, with commas between; empty: in all", func(p *machine.OptionSet) *[]string { return &p.Subnets })),
		of(numberOf("priority", "of one option the highest counts; then a set with a selector, then one with subnets, then the first by name", func(p *machine.OptionSet) *int { return &p.Priority })),
		of(long(textOf("note", "for people", func(p *machine.OptionSet) *string { return &p.Note }))),
	},
}

var typeFields = []Field[machine.Plan]{
	of(textOf("title", "what people call it", func(p *machine.HardwareType) *string { return &p.Title })),
	of(textOf("vendor", "as the agent reads it; * and ? are wild", func(p *machine.HardwareType) *string { return &p.Vendor })),
	of(textOf("product", "as the agent reads it; * and ? are wild", func(p *machine.HardwareType) *string { return &p.Product })),
	of(numberOf("height", "in rack units", func(p *machine.HardwareType) *int { return &p.Height })),
	of(numberOf("sockets", "processors", func(p *machine.HardwareType) *int { return &p.Sockets })),
	of(numberOf("cores", "of all sockets", func(p *machine.HardwareType) *int { return &p.Cores })),
	of(bytesOf("memory", "in all, such as 64GiB", func(p *machine.HardwareType) *uint64 { return &p.Memory })),
	of(numberOf("dimms", "memory modules", func(p *machine.HardwareType) *int { return &p.DIMMs })),
	of(disksOf("disks", "such as 2x480GB:sata,4x1920GB:nvme")),
	of(numberOf("nics", "interfaces, at least", func(p *machine.HardwareType) *int { return &p.NICs })),
	of(numberOf("mbps", "of the link that it boots through, at least", func(p *machine.HardwareType) *int { return &p.Mbps })),
	of(listOf("limits", "of what checks measure, with commas between, such as disk-read.rate>=400,thermal.temperature<=90", func(p *machine.HardwareType) *[]string { return &p.Limits })),
	of(long(textOf("note", "for people", func(p *machine.HardwareType) *string { return &p.Note }))),
}

// of makes a field of one kind one of the plan.
func of[P machine.Plan](f Field[P]) Field[machine.Plan] {
	g := Field[machine.Plan]{
		Name: f.Name, Says: f.Says, Names: f.Names, Words: f.Words, Number: f.Number, Long: f.Long, Flag: f.Flag, Many: f.Many, Selector: f.Selector, Must: f.Must,
	}
	g.get = func(p machine.Plan) string {
		if its, ok := p.(P); ok {
			return f.get(its)
		}
		return ""
	}
	g.set = func(p machine.Plan, text string) error {
		its, ok := p.(P)
		if !ok {
			return errors.New("no field of a " + string(p.Kind()))
		}
		return f.set(its, text)
	}
	return g
}

func must[T any](f Field[T]) Field[T] { f.Must = true; return f }

// long makes a field of text one of several lines.
func long[T any](f Field[T]) Field[T] {
	set := f.set
	f.Long, f.set = true, func(t T, text string) error { return set(t, strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))) }
	return f
}

func from[T any](list machine.PlanKind, f Field[T]) Field[T] { f.Names = list; return f }

func words[T any](all []string, f Field[T]) Field[T] { f.Words = all; return f }

// status is a field of a machine's status.
func status[T any](name, says string, at func(T) *machine.Status) Field[T] {
	f := Field[T]{
		Name: name, Says: says,
		get: func(t T) string { return string(*at(t)) },
		set: func(t T, text string) (err error) {
			if *at(t) = machine.Unknown; text != "" {
				*at(t), err = machine.ParseStatus(text)
			}
			return err
		},
	}
	for _, g := range machine.Gated() {
		if s := map[string]machine.Status{"from": g[0], "to": g[1]}[name]; s != "" {
			f.Words = append(f.Words, string(s))
		}
	}
	return f
}

// disksOf is the field of a hardware type's disks.
func disksOf(name, says string) Field[*machine.HardwareType] {
	return Field[*machine.HardwareType]{
		Name: name, Says: says,
		get: func(p *machine.HardwareType) string {
			var all []string
			for _, d := range p.Disks {
				all = append(all, strings.TrimSuffix(fmt.Sprintf("%dx%s:%s", d.Count, size(d.Bytes), d.Transport), ":"))
			}
			return strings.Join(all, ",")
		},
		set: func(p *machine.HardwareType, text string) error {
			p.Disks = nil
			for _, part := range split(text) {
				d, err := readDisks(part)
				if err != nil {
					return err
				}
				p.Disks = append(p.Disks, d)
			}
			return nil
		},
	}
}

// readDisks reads one run of equal disks.
func readDisks(text string) (d machine.DiskSpec, err error) {
	count, rest, many := strings.Cut(text, "x")
	if d.Count = 1; many {
		d.Count, err = strconv.Atoi(count)
	} else {
		rest = text
	}
	amount, transport, _ := strings.Cut(rest, ":")
	d.Transport = transport
	if err == nil {
		d.Bytes, err = readSize(amount)
	}
	if err != nil || d.Bytes == 0 {
		return d, fmt.Errorf("%q is no run of disks: want such as 2x480GB:sata", text)
	}
	return d, nil
}

// optionsOf is the field of a set's DHCP options: one on a line or, on one line,
// with "; " between them.
func optionsOf(name, says string) Field[*machine.OptionSet] {
	return Field[*machine.OptionSet]{
		Name: name, Says: says, Long: true,
		get: func(p *machine.OptionSet) string {
			var lines []string
			for _, o := range p.Options {
				lines = append(lines, o.String())
			}
			if len(lines) == 1 && strings.Contains(lines[0], "; ") {
				return lines[0] + "\n" // a line of its own, or it would be read as two
			}
			return strings.Join(lines, "\n")
		},
		set: func(p *machine.OptionSet, text string) error {
			lines := strings.Split(strings.ReplaceAll(text, "\r", ""), "\n")
			if len(lines) == 1 {
				lines = strings.Split(text, "; ")
			}
			p.Options = nil
			for _, line := range lines {
				if strings.TrimSpace(line) == "" {
					continue
				}
				o, err := machine.ParseOption(line)
				if err != nil {
					return err
				}
				p.Options = append(p.Options, o)
			}
			return nil
		},
	}
}
