package delivery

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"firstlight/server/machine"
)

// Style is whose headings a list has.
type Style string

// Styles.
const (
	Own    Style = "firstlight"
	NetBox Style = "netbox" // the device export of netbox
	Legacy Style = "legacy" // as order lists and spreadsheets are headed
)

// columns are those with one name, in the order in which lists are written.
var columns = []string{
	"serial", "name", "uuid", "kind", "type", "vendor", "product", "cores", "memory", "disks", "site", "rack", "unit", "height", "face",
	"hostname", "role", "pool", "owner", "image", "tags", "note", "bmc_mac", "bmc_address",
}

// told are columns that are written for people and left out when a list is read:
// no list brings a machine to a status.
var told = []string{"status"}

var (
	nicColumn   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^nic([1-9][0-9]?)_(name|mac|switch|port)$`) })
	paramColumn = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^params\.[A-Za-z_][A-Za-z0-9_]{0,63}$`) })
	macHeading  = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:mac|macaddress|nicmac|nic)_?([1-9][0-9]?)?$|^nic([1-9][0-9]?)_?mac$`)
	})
)

// rackLocation is a column of legacy lists that says rack and unit in one.
const rackLocation = "rack_location"

// ColumnNames are the columns by name, for help and for who mistypes one.
func ColumnNames() []string {
	return append(slices.Clone(columns), "nic1_mac", "nic1_switch", "nic1_port", "nic1_name", "params.NAME")
}

func known(column string) bool {
	return slices.Contains(columns, column) || nicColumn().MatchString(column) || paramColumn().MatchString(column)
}

// legacy are the headings of order lists, without blanks and signs.
var legacy = map[string]string{
	"serialnumber": "serial", "serialno": "serial", "sn": "serial", "servicetag": "serial", "systemserial": "serial", "chassisserial": "serial",
	"assettag": "params.asset_tag", "assetnumber": "params.asset_tag", "asset": "params.asset_tag",
	"racklocation": rackLocation, "rackposition": rackLocation, "location": rackLocation, "rackname": "rack", "cabinet": "rack",
	"u": "unit", "ru": "unit", "rackunit": "unit", "uposition": "unit", "position": "unit", "startu": "unit", "heightu": "height", "uheight": "height", "size": "height",
	"manufacturer": "vendor", "make": "vendor", "brand": "vendor", "model": "product", "productname": "product", "hardwaretype": "type",
	"datacenter": "site", "datacentre": "site", "dc": "site", "ilomac": "bmc_mac", "idracmac": "bmc_mac", "ipmimac": "bmc_mac", "bmcmacaddress": "bmc_mac", "oobmac": "bmc_mac",
	"iloip": "bmc_address", "idracip": "bmc_address", "ipmiip": "bmc_address", "bmcip": "bmc_address", "bmc": "bmc_address", "oobip": "bmc_address",
	"host": "hostname", "servername": "hostname", "function": "role", "team": "owner", "comment": "note", "comments": "note", "remarks": "note", "notes": "note",
	"cpucores": "cores", "ram": "memory", "memorygb": "memory_gb", "ramgb": "memory_gb", "drives": "disks",
}

// netbox are the columns of its device export and import, without blanks and
// signs. A position counts from below, as ours do.
var netbox = map[string]string{
	"name": "hostname", "serial": "serial", "serialnumber": "serial", "assettag": "params.asset_tag", "site": "site", "rack": "rack",
	"position": "unit", "face": "face", "rackface": "face", "devicetype": "product", "type": "product", "manufacturer": "vendor", "role": "role", "devicerole": "role",
	"tenant": "owner", "tags": "tags", "oobip": "bmc_address", "comments": "note", "description": "note", "uheight": "height",
}

// foreign headings tell a list of netbox from one of ours.
var foreign = []string{"devicetype", "manufacturer", "devicerole", "tenant", "assettag", "primaryip4", "primaryip", "oobip", "position", "location", "rackface"}

// letters is a heading without what people spell differently.
func letters(heading string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// styleOf tells whose headings these are.
func styleOf(headings []string) Style {
	n, own := 0, 0
	has := map[string]bool{}
	for _, h := range headings {
		has[letters(h)] = true
		if slices.Contains(foreign, letters(h)) {
			n++
		}
		if column := spelt(h); known(column) {
			own++
		}
	}
	switch {
	case n >= 2 && has["name"] && (has["devicetype"] || has["tenant"] || has["manufacturer"] && has["site"]):
		return NetBox
	case own == len(headings), has["serial"] && n == 0:
		return Own
	default:
		return Legacy
	}
}

// spelt is one of our columns as a person may write it.
func spelt(heading string) string {
	h := strings.ToLower(strings.TrimSpace(heading))
	if strings.HasPrefix(h, "params.") {
		return strings.TrimSpace(heading)
	}
	return strings.NewReplacer(" ", "_", "-", "_").Replace(h)
}

// columnOf reads one heading; "" leaves it out.
func (s Style) columnOf(heading string) string {
	plain := letters(heading)
	if s == NetBox {
		return netbox[plain]
	}
	if column := spelt(heading); known(column) {
		return column
	}
	if m := macHeading().FindStringSubmatch(spelt(heading)); m != nil {
		return "nic" + oneOf(m[1], m[2], "1") + "_mac"
	}
	if m := macHeading().FindStringSubmatch(plain); m != nil {
		return "nic" + oneOf(m[1], m[2], "1") + "_mac"
	}
	if column, ok := machineWords[plain]; ok {
		return column
	}
	return legacy[plain]
}

// machineWords are our columns without their signs.
var machineWords = func() map[string]string {
	all := map[string]string{}
	for _, c := range columns {
		all[letters(c)] = c
	}
	return all
}()

func oneOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// Map says for a heading which column it is; an empty column leaves it out.
type Map map[string]string

// ParseMap reads "Service Tag=serial", one rule each.
func ParseMap(rules []string) (Map, error) {
	m := Map{}
	for _, r := range rules {
		heading, column, ok := strings.Cut(r, "=")
		if heading = strings.TrimSpace(heading); !ok || heading == "" {
			return nil, fmt.Errorf("map %q: want HEADING=COLUMN, such as 'Service Tag=serial'; nothing after = leaves the heading out", r)
		}
		if column = strings.TrimSpace(column); column != "" && column != rackLocation && !known(column) {
			best, _ := machine.Nearest(column, ColumnNames())
			return nil, fmt.Errorf("map %q: there is no column %q: did you mean %s? There are %s", r, column, best, strings.Join(ColumnNames(), ", "))
		}
		m[letters(heading)] = column
	}
	return m, nil
}

// headings reads the headings of a list.
func headings(texts []string, m Map) (Style, []Heading, error) {
	if len(texts) > maxColumns {
		return "", nil, &ReadError{Line: 1, Column: 1, Why: fmt.Sprintf("the list has %d headings: want at most %d", len(texts), maxColumns)}
	}
	style := styleOf(texts)
	used := map[string]bool{}
	all := make([]Heading, len(texts))
	for i, text := range texts {
		column, ok := m[letters(text)]
		if used[letters(text)] = true; !ok {
			column = style.columnOf(text)
		}
		all[i] = Heading{Text: text, Column: column}
	}
	for h, column := range m {
		if !used[h] {
			return "", nil, &ReadError{Line: 1, Column: 1, Why: fmt.Sprintf("no heading of the list is the one that is mapped to %q: there are %s", column, strings.Join(texts, ", "))}
		}
	}
	if !slices.ContainsFunc(all, func(h Heading) bool { return h.Column == "serial" || h.Column == "name" }) {
		return "", nil, &ReadError{Line: 1, Column: 1, Why: fmt.Sprintf("none of the headings %s tells the serial: name it serial, or map the one that does, as in 'Service Tag=serial'", strings.Join(texts, ", "))}
	}
	return style, all, nil
}
