package delivery

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"firstlight/server/machine"
)

// CellsOf is what a list says of a machine, so that reading it again changes
// nothing. It holds no secret: a record has none.
func CellsOf(m *machine.Machine) map[string]string {
	cells := map[string]string{
		"serial": m.Serial, "name": m.Name, "uuid": m.UUID, "kind": string(m.Kind), "type": m.Type, "vendor": cmp.Or(m.Declared.Vendor, m.Vendor), "product": cmp.Or(m.Declared.Product, m.Product),
		"cores": number(m.Declared.Cores), "disks": number(m.Declared.Disks), "site": m.Site, "rack": m.Rack, "unit": number(m.Unit), "height": number(m.Height),
		"face": string(m.Face), "hostname": m.Hostname, "role": m.Role, "pool": m.Pool, "owner": m.Owner, "image": m.Image, "tags": strings.Join(m.Tags, ","), "note": tidy(m.Note),
		"bmc_mac": m.BMC.MAC.String(), "bmc_address": m.BMC.Address, "status": string(m.Status),
	}
	if m.Declared.Memory > 0 {
		cells["memory"] = strconv.FormatUint(m.Declared.Memory, 10)
	}
	for i, n := range bootFirst(m) {
		for part, value := range map[string]string{"name": n.Name, "mac": n.MAC.String(), "switch": n.Switch, "port": n.Port} {
			cells[fmt.Sprintf("nic%d_%s", i+1, part)] = value
		}
	}
	for k, v := range m.Params {
		cells["params."+k] = tidy(v)
	}
	maps.DeleteFunc(cells, func(_, v string) bool { return v == "" })
	return cells
}

// bootFirst are the interfaces with the one that the machine boots through
// first, as a record without a boot takes them.
func bootFirst(m *machine.Machine) []machine.NIC {
	all := slices.Clone(m.NICs)
	boot := m.BootMAC()
	slices.SortStableFunc(all, func(a, b machine.NIC) int {
		return cmp.Compare(strconv.FormatBool(b.MAC == boot), strconv.FormatBool(a.MAC == boot))
	})
	return all[:min(len(all), maxNICs)]
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// WriteCSV writes machines as a list. Cells that a spreadsheet would take for
// a formula begin with a quote, which Read takes off.
func WriteCSV(w io.Writer, machines []*machine.Machine) error {
	rows := make([]map[string]string, len(machines))
	used := map[string]bool{}
	for i, m := range machines {
		rows[i] = CellsOf(m)
		for c := range rows[i] {
			used[c] = true
		}
	}
	head := header(used)
	out := csv.NewWriter(w)
	if err := out.Write(head); err != nil {
		return err
	}
	for _, row := range rows {
		cells := make([]string, len(head))
		for i, c := range head {
			cells[i] = guard(row[c])
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// header puts our columns in their order, then interfaces, then parameters.
func header(used map[string]bool) []string {
	head := slices.Concat(columns, told)
	for i := 1; i <= maxNICs; i++ {
		for _, part := range []string{"name", "mac", "switch", "port"} {
			if c := fmt.Sprintf("nic%d_%s", i, part); used[c] {
				head = append(head, c)
			}
		}
	}
	for _, c := range slices.Sorted(maps.Keys(used)) {
		if strings.HasPrefix(c, "params.") {
			head = append(head, c)
		}
	}
	return head
}

// WriteJSON writes machines as a list, one object on a line.
func WriteJSON(w io.Writer, machines []*machine.Machine) error {
	if _, err := io.WriteString(w, `{"machines":[`); err != nil {
		return err
	}
	for i, m := range machines {
		b, err := json.Marshal(CellsOf(m))
		if err != nil {
			return err
		}
		sep := ",\n"
		if i == 0 {
			sep = "\n"
		}
		if _, err := fmt.Fprintf(w, "%s%s", sep, b); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "\n]}\n")
	return err
}
