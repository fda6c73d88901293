package virtualrack_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"firstlight/server/certificate"
	"firstlight/server/machine"
	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/light"
)

// TestAFullDiskIsErased is the drill of a machine that arrives with somebody's
// data: it is held with a sentence that names the disk, erased by name, and
// available with a certificate that verifies; then it is installed, in use, and
// released the same way.
func TestAFullDiskIsErased(t *testing.T) {
	r := start(t, virtualrack.Spec{Light: 1, Rules: []machine.Rule{{Name: "all", Accept: true, Site: "rack", Role: "light"}}})
	m := r.Machines()[0]
	leaveData(t, m)
	powerOn(t, r.Machines())
	await(t, r, time.Minute, map[machine.Status]int{machine.Held: 1})
	if held := shownAs(t, r, m); !strings.Contains(held.Sentence, "vda has an ext") || held.Reason != "disk-not-empty" {
		t.Errorf("it is held (%s): %s; want its disk named", held.Reason, held.Sentence)
	}
	if status, answer := look(t, r, http.MethodPost, "/machines/"+m.Name+"/erase", `{"name":"another"}`); status != http.StatusUnprocessableEntity {
		t.Fatalf("an erase of another name = %d %s", status, answer)
	}
	eraseOf(t, r, m)
	await(t, r, time.Minute, map[machine.Status]int{machine.Available: 1})
	blank(t, m)
	if n := m.BMC.Counts(); n.PowerOns != 1 || n.PowerOffs != 0 || n.BootChanges != 0 {
		t.Errorf("its BMC counts %+v, want our power-on alone: its agent was there", n)
	}

	send(t, r, http.MethodPost, "/jobs", `{"action":"install","target":"hardwarename=`+m.Name+`","params":{"image":"`+light.ImageName+`"}}`)
	await(t, r, time.Minute, map[machine.Status]int{machine.InUse: 1})
	eraseOf(t, r, m)
	await(t, r, 2*time.Minute, map[machine.Status]int{machine.Available: 1})
	blank(t, m)
	if is := shownAs(t, r, m); is.Owned || is.Hostname != "" {
		t.Errorf("it is available as %+v", is)
	}
	certificates(t, r, m, 2)
}

// TestADiskThatLiesIsFenced has a disk that says that it was erased.
func TestADiskThatLiesIsFenced(t *testing.T) {
	r := start(t, virtualrack.Spec{Light: 1, Rules: []machine.Rule{{Name: "all", Accept: true, Site: "rack", Role: "light"}}})
	m := r.Machines()[0]
	leaveData(t, m)
	if err := m.Plant(light.StubbornDisk); err != nil {
		t.Fatal(err)
	}
	powerOn(t, r.Machines())
	await(t, r, time.Minute, map[machine.Status]int{machine.Held: 1})
	eraseOf(t, r, m)
	await(t, r, time.Minute, map[machine.Status]int{machine.Broken: 1})
	is := shownAs(t, r, m)
	if !is.Flags.Fenced || !strings.Contains(is.Sentence, "is still what was there") {
		t.Errorf("it is fenced: %v, and broken: %s", is.Flags.Fenced, is.Sentence)
	}
	certificates(t, r, m, 0)
	for path, body := range map[string]string{"recheck": "", "retire": `{"name":"` + m.Name + `"}`, "return": "{}"} {
		if status, answer := look(t, r, http.MethodPost, "/machines/"+m.Name+"/"+path, body); status != http.StatusConflict {
			t.Errorf("%s = %d %s, want it refused", path, status, answer)
		}
	}
	if _, answer := look(t, r, http.MethodGet, "/machines/"+m.Name+"/boot", ""); !strings.Contains(answer, "it is fenced") || !strings.Contains(answer, `"hold"`) {
		t.Errorf("it would boot %s, want the agent to hold", answer)
	}
	// It boots the agent, which gets its address, and is not given on.
	request(t, r, http.MethodPost, "/api/v1/machines/"+m.Name+"/power", `{"action":"cycle"}`)
	awaitCalls(t, r, m)
	if is := shownAs(t, r, m); is.Status != "broken" || !is.Flags.Fenced {
		t.Errorf("after a boot it is %s, fenced %v", is.Status, is.Flags.Fenced)
	}
}

type shownMachine struct {
	Status, Reason, Sentence, Hostname string
	Owned                              bool
	Flags                              struct{ Fenced bool }
	ReportedAt                         time.Time `json:"reported_at"`
}

func shownAs(t *testing.T, r *virtualrack.Rack, m *virtualrack.Machine) (is shownMachine) {
	t.Helper()
	if err := json.Unmarshal(send(t, r, http.MethodGet, "/machines/"+m.Name, ""), &is); err != nil {
		t.Fatal(err)
	}
	return is
}

func eraseOf(t *testing.T, r *virtualrack.Rack, m *virtualrack.Machine) {
	t.Helper()
	send(t, r, http.MethodPost, "/machines/"+m.Name+"/erase", `{"name":"`+m.Name+`"}`)
}

// awaitCalls waits for the report of a boot that begins now.
func awaitCalls(t *testing.T, r *virtualrack.Rack, m *virtualrack.Machine) {
	t.Helper()
	before := shownAs(t, r, m).ReportedAt
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if shownAs(t, r, m).ReportedAt.After(before) {
			return
		}
		<-tick.C
	}
	t.Fatal("it did not report within a minute of its boot")
}

func blank(t *testing.T, m *virtualrack.Machine) {
	t.Helper()
	if m.LightDisk().Sum() != light.NewDisk(m.LightDisk().Size()).Sum() {
		t.Error("something is left on its disk")
	}
}

// certificates reads and verifies those of a machine.
func certificates(t *testing.T, r *virtualrack.Rack, m *virtualrack.Machine, want int) {
	t.Helper()
	var key struct{ Key string }
	var list struct {
		Items []struct{ Certificate json.RawMessage }
	}
	if err := json.Unmarshal(send(t, r, http.MethodGet, "/certificate-key", ""), &key); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(send(t, r, http.MethodGet, "/machines/"+m.Name+"/erasures", ""), &list); err != nil {
		t.Fatal(err)
	}
	public, err := certificate.ReadKey([]byte(key.Key))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, e := range list.Items {
		if e.Certificate == nil {
			continue
		}
		all, err := certificate.Read(bytes.NewReader(e.Certificate))
		if err == nil {
			err = all[0].Verify(public)
		}
		if err != nil {
			t.Fatal(err)
		}
		if s := all[0].Statement; s.Machine.Name != m.Name || s.Method != "overwrite" || s.Category != certificate.Clear || !s.Whole || s.Agent == "" {
			t.Errorf("it is certified as %+v", s)
		}
		found++
	}
	if found != want {
		t.Errorf("%d certificates of %d rows, want %d", found, len(list.Items), want)
	}
}
