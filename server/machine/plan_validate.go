package machine

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// wanted is one condition on a field.
type wanted struct {
	ok    bool
	field string
	value any
	want  string
}

// first gives the error of the first condition that does not hold.
func first(p Plan, all ...wanted) error {
	all = append([]wanted{{word(p.Key()), "name", p.Key(), "want 1 to 63 lower-case letters, digits and inner dashes"}}, all...)
	for _, c := range all {
		if !c.ok {
			return &FieldError{string(p.Kind()) + " " + p.Key(), c.field, fmt.Sprint(c.value), c.want}
		}
	}
	return nil
}

// maxText bounds what people write into a field of free text.
const maxText = 2000

func text(field, value string) wanted {
	return wanted{len(value) <= maxText && utf8.ValidString(value) && !strings.ContainsRune(value, 0), field, clip(value), fmt.Sprintf("want at most %d bytes of text", maxText)}
}

func name(field, value string) wanted {
	return wanted{word(value), field, value, "want 1 to 63 lower-case letters, digits and inner dashes"}
}

func optionalName(field, value string) wanted {
	c := name(field, value)
	c.ok = c.ok || value == ""
	return c
}

func within(field string, value, low, high int) wanted {
	return wanted{value >= low && value <= high, field, value, fmt.Sprintf("want %d to %d", low, high)}
}

// Validate names the first field that is wrong, its value and the remedy.
func (p *Site) Validate() error { return first(p, text("title", p.Title), text("note", p.Note)) }

// Validate names the first field that is wrong, its value and the remedy.
func (p *Room) Validate() error {
	return first(p, name("site", p.Site), text("title", p.Title), text("note", p.Note))
}

// Validate names the first field that is wrong, its value and the remedy.
func (p *Rack) Validate() error {
	return first(p, name("site", p.Site), optionalName("room", p.Room), within("units", p.Units, 1, MaxUnits), text("note", p.Note))
}

// Validate names the first field that is wrong, its value and the remedy.
func (p *HardwareType) Validate() error {
	all := []wanted{
		text("title", p.Title), text("vendor", p.Vendor), text("product", p.Product), text("note", p.Note),
		within("height", p.Height, 0, MaxUnits), within("sockets", p.Sockets, 0, 64), within("cores", p.Cores, 0, 1<<16),
		within("dimms", p.DIMMs, 0, 1024), within("nics", p.NICs, 0, 256), within("mbps", p.Mbps, 0, 1e7),
		within("disks", len(p.Disks), 0, 64), within("limits", len(p.Limits), 0, 64),
	}
	for i, l := range p.Limits {
		_, bad := ParseCheckLimit(l)
		all = append(all, wanted{bad == nil, fmt.Sprintf("limits[%d]", i), l, "want such as disk-read.rate>=400 or thermal.temperature<=90"})
	}
	for i, d := range p.Disks {
		field := fmt.Sprintf("disks[%d]", i)
		all = append(all, within(field+".count", d.Count, 1, 1024), text(field+".transport", d.Transport),
			wanted{d.Bytes > 0, field + ".bytes", d.Bytes, "want the size that each must have at least"})
	}
	return first(p, all...)
}

// Validate names the first field that is wrong, its value and the remedy.
func (p *Team) Validate() error {
	return first(p, text("title", p.Title), text("contact", p.Contact), text("note", p.Note))
}

// Validate names the first field that is wrong, its value and the remedy.
func (p *Service) Validate() error {
	return first(p,
		wanted{len(p.Name) <= 15, "name", p.Name, "want at most 15 characters (RFC 6335 section 5.1)"},
		wanted{p.Protocol == "tcp" || p.Protocol == "udp", "protocol", p.Protocol, "want tcp or udp"},
		within("port", p.Port, 1, 65535), within("priority", p.Priority, 0, 65535), within("weight", p.Weight, 0, 65535), text("note", p.Note))
}

// Validate names the first field that is wrong, its value and the remedy.
func (p *Role) Validate() error {
	all := []wanted{text("title", p.Title), optionalName("team", p.Team), text("environment", p.Environment), text("note", p.Note)}
	for i, s := range p.Services {
		all = append(all, name(fmt.Sprintf("services[%d]", i), s))
	}
	for i, c := range p.Classes {
		all = append(all, wanted{c != "", fmt.Sprintf("classes[%d]", i), c, "want the name of a class"}, text("classes", c))
	}
	return first(p, append(all, params(p.Params)...)...)
}

// params checks parameters for configuration management.
func params(m map[string]string) (all []wanted) {
	for k, v := range m {
		all = append(all, wanted{paramName(k), "params", k, "want a name of letters, digits and _"}, text("params", v))
	}
	return all
}

// Validate names the first field that is wrong, its value and the remedy.
func (p *Pool) Validate() error {
	return first(p, name("site", p.Site), name("role", p.Role), text("note", p.Note))
}

// Gated are the changes of status that may wait for a gate: those that the
// state engine tries again by itself.
func Gated() [][2]Status {
	return [][2]Status{{Registered, Available}, {Allocated, Installing}, {Configuring, InUse}}
}

func gated(from, to Status) bool {
	return slices.Contains(Gated(), [2]Status{from, to})
}

// Validate names the first field that is wrong, its value and the remedy.
func (p *Gate) Validate() error {
	u, err := url.Parse(p.URL)
	_, bad := ParseSelector(p.Match)
	return first(p,
		wanted{p.Title != "", "title", p.Title, "say what is waited for, such as switch VLAN"}, text("title", p.Title),
		wanted{gated(p.From, p.To), "to", p.To, "after " + p.From.Human() + " comes something else: want registered → available, allocated → installing or configuring → in_use"},
		wanted{err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil, "url", clip(p.URL), "want an https or http address without a password in it"},
		wanted{p.Deadline >= time.Second && p.Deadline <= 24*time.Hour, "deadline", p.Deadline, "want 1s to 24h"},
		wanted{bad == nil, "match", p.Match, fmt.Sprint(bad)}, text("note", p.Note))
}
