package virtualrack_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/virtualrack"
)

// TestATechnicianTakesADeliveryIn goes the technician's way with nothing but a
// phone: the list of the order, the racks, the light, a machine that is held, a
// machine that is silent, one that is dead and then is not, the hand-off.
func TestATechnicianTakesADeliveryIn(t *testing.T) {
	p := newPhone(t)
	r := start(t, virtualrack.Spec{Light: 3, People: p.door, Rules: []machine.Rule{{Name: "all", Accept: true, Site: "rack", Role: "spare"}}})
	w := &walk{p, r.Machines()}
	leaveData(t, w.all[1])
	w.logIn(planned(t, r))
	w.bring()
	w.rack()
	w.light()
	w.fix()
	w.silent()
	w.dead()
	w.handOff()
}

// walk is the technician on her way through the pages.
type walk struct {
	*phone
	all []*virtualrack.Machine
}

// planned lays what engineers and admins lay before, and returns the code with
// which the technician makes her account.
func planned(t *testing.T, r *virtualrack.Rack) string {
	t.Helper()
	send(t, r, http.MethodPut, "/racks/r1", `{"site": "rack", "units": 8}`)
	var made struct{ Code string }
	if err := json.Unmarshal(send(t, r, http.MethodPost, "/users", `{"name": "tech", "role": "technician"}`), &made); err != nil {
		t.Fatal(err)
	}
	return made.Code
}

// send asks the appliance as look does, for what must be done.
func send(t *testing.T, r *virtualrack.Rack, method, path, body string) []byte {
	t.Helper()
	status, answer := look(t, r, method, path, body)
	if status/100 != 2 {
		t.Fatalf("%s %s = %d %s", method, path, status, answer)
	}
	return []byte(answer)
}

// leaveData puts the mark of an ext file system (its superblock's magic) on the
// disk of a machine, as a vendor's test rig may.
func leaveData(t *testing.T, m *virtualrack.Machine) {
	t.Helper()
	if _, err := m.LightDisk().WriteAt([]byte{0x53, 0xEF}, 1024+0x38); err != nil {
		t.Fatal(err)
	}
}

func (w *walk) logIn(code string) {
	w.Helper()
	w.open("/login?code")
	w.paste("[name=code]", code)
	w.paste("[name=name]", "tech")
	w.paste("[name=password]", "four words beat one")
	w.tap("main form button.primary")
	w.reads("main", "No machine yet")
	w.shoot("logged-in")
}

// list is the vendor's, with the last machine in a unit.
func (w *walk) list(last int) string {
	var b strings.Builder
	b.WriteString("serial,rack,unit,cores,nic1_mac,nic1_switch,nic1_port,bmc_address\n")
	for i, unit := range []int{7, 5, last} {
		m := w.all[i]
		fmt.Fprintf(&b, "%s,r1,%d,16,%s,sw2,%d,%s\n", m.Serial, unit, m.MAC, i+1, m.BMCAddress)
	}
	return b.String()
}

// bring brings a list with a fault, reads what is wrong, and brings a good one.
func (w *walk) bring() {
	w.Helper()
	w.open("/deliveries")
	w.shoot("deliveries")
	w.paste("#bring [name=delivery]", "2026-7")
	w.paste("#bring [name=list]", w.list(5))
	w.tap("#bring button.primary")
	w.reads("main", "3 lines: 2 new, 1 refused")
	w.reads(".verdicts.g-broken", w.all[2].Serial)
	w.reads(".verdicts.g-broken", "unit")
	w.shoot("refused")
	w.paste("main [name=list]", w.list(3))
	w.tap(`main [formaction="/deliveries/check"]`)
	w.reads("main", "3 lines: 3 new.")
	w.shoot("verdicts")
	w.tap(`form[action="/deliveries"] button.primary`)
	w.reads("#delivery-head", "0 of 3 seen, 3 missing")
	w.shoot("brought")
}

// tile is the part of a machine's tile on its rack, once it is a tile of some
// status.
func (w *walk) tile(m *virtualrack.Machine, status string) {
	w.Helper()
	w.waits(fmt.Sprintf(`[...document.querySelectorAll("#elevation .front .mount")].some((e) => e.innerText.includes(%q) && e.innerText.includes(%q))`, m.Name, status))
}

// rack presses two power buttons and watches the tiles.
func (w *walk) rack() {
	w.Helper()
	w.tap(`#delivery-head a[href="/racks/r1"]`)
	for i, m := range w.all {
		w.tile(m, "expected")
		w.tile(m, fmt.Sprintf("sw2 %d", i+1))
	}
	w.shoot("rack")
	w.keeps()
	powerOn(w.T, w.all[:2])
	w.tile(w.all[0], "available")
	w.tile(w.all[0], "sw2 1") // the plan of its cable outlives its report
	w.tile(w.all[1], "held")
	w.stayed()
	w.shoot("rack-live")
}

// light finds a machine among others.
func (w *walk) light() {
	w.Helper()
	w.tap(fmt.Sprintf(`#elevation .front .mount[href="/machines/%s"]`, w.all[0].Name))
	w.tap(`#head form[action$="/light"] button`)
	w.reads("#head .light", "lit") // its BMC has no blinking
	if !w.all[0].Indicator().On() {
		w.Errorf("the light of %s is %q, want it on", w.all[0].Name, w.all[0].Indicator())
	}
	w.shoot("light")
	w.tap(`#head form[action$="/light"] button`)
	w.reads("#head", "Blink light")
	if got := w.all[0].Indicator(); got != oob.IndicatorOff {
		w.Errorf("the light of %s is %q, want it off", w.all[0].Name, got)
	}
}

// fix takes the problem that stands there: somebody's disk, which she swaps for
// a blank one and has checked again.
func (w *walk) fix() {
	w.Helper()
	m := w.all[1]
	w.open("/needs")
	w.reads("#needs-list article", m.Name)
	w.reads("#needs-list article", "file system")
	w.shoot("needs")
	w.tap(`#needs-list form[action$="/take"] button`)
	w.reads("#issues", "You have this one")
	w.shoot("taken")
	if err := m.LightDisk().Zero(0, 4096); err != nil {
		w.Fatal(err)
	}
	w.power(m)
	w.reads("#disks", "Nothing found on it")
	w.tap(`#issues form[action$="/recheck"] button`)
	w.reads("#head .pill", "available")
	w.open("/needs")
	w.reads("#needs-list", "Nothing asks for a person")
}

// power is the button on a machine's page and its dialog, which knows whether
// the machine is on.
func (w *walk) power(m *virtualrack.Machine) {
	w.Helper()
	w.tap(`#head [data-dialog][href$="/power"]`)
	w.paste("#dialog[open] [name=typed]", m.Name)
	w.shoot("power")
	w.tap("#dialog[open] button.danger")
	w.waits(`!document.querySelector("#dialog[open]") && document.querySelector("#head") !== null`)
}

// silent switches the machine on from which nothing was seen.
func (w *walk) silent() {
	w.Helper()
	m := w.all[2]
	w.open("/machines/" + m.Name)
	w.reads("#head .pill", "expected")
	w.shoot("silent")
	w.power(m)
	w.keeps()
	w.reads("#head .pill", "available")
	w.stayed()
}

// dead marks it dead on arrival, and takes that back.
func (w *walk) dead() {
	w.Helper()
	w.tap(`#head [data-dialog][href$="/broken"]`)
	w.types("#dialog[open] select", "dead on arrival")
	w.paste("#dialog[open] [name=note]", "a capacitor smokes")
	w.shoot("broken")
	w.tap("#dialog[open] button.primary")
	w.reads("#head .pill", "broken")
	w.reads("#issues", "a capacitor smokes")
	w.shoot("dead")
	w.tap("#head form.undo button")
	w.reads("#head .pill", "available")
	w.shoot("undone")
}

// handOff reads how the delivery came, and the list for those who get it.
func (w *walk) handOff() {
	w.Helper()
	w.open("/deliveries/2026-7")
	w.reads("#delivery-head", "3 of 3 seen, 0 missing")
	w.reads("main", "First power-on → last available")
	w.shoot("hand-off")
	list := w.fetches("#delivery-head a[href$=handoff]")
	for _, m := range w.all {
		if !strings.Contains(list, m.Serial) {
			w.Errorf("the hand-off list %q has no %s", list, m.Serial)
		}
	}
}
