package virtualrack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"firstlight/server/machine"
	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/light"
)

// TestFiveHundredAdoptedMachinesBootTheirOwnDisks powers on, all at once,
// machines that have served since before the appliance came, under a rule that
// installs whatever it does not know. One machine beside them is not adopted.
func TestFiveHundredAdoptedMachinesBootTheirOwnDisks(t *testing.T) {
	const n = 500
	r := start(t, virtualrack.Spec{Light: n + 1, Rules: []machine.Rule{
		{Name: "all", Accept: true, Site: "rack", Role: "light", Image: light.ImageName},
	}})
	adopted, stranger := r.Machines()[:n], r.Machines()[n]
	sums := make([][32]byte, n)
	for i, m := range adopted {
		if err := m.LightDisk().Install(oldName(i)); err != nil {
			t.Fatal(err)
		}
		sums[i] = m.LightDisk().Sum()
	}
	adopt(t, r, adopted)
	if got := locked(t, r); got != n {
		t.Fatalf("%d of %d machines are locked before their first boot", got, n)
	}

	began := time.Now()
	powerOn(t, r.Machines())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for i, m := range adopted {
		if _, err := m.Console().Wait(ctx, 0, regexp.MustCompile("^"+oldName(i)+" login:")); err != nil {
			t.Fatalf("%s does not start the system of its own disk: %v", m.Name, err)
		}
	}
	t.Logf("%d machines booted their disks in %s", n, time.Since(began).Round(10*time.Millisecond))
	await(t, r, time.Minute, map[machine.Status]int{machine.InUse: n + 1}) // the rule has installed the stranger
	for i, m := range adopted {
		said := strings.Join(m.ConsoleTail(100), "\n")
		if strings.Count(said, "iPXE: ") != 1 || strings.Contains(said, "network boot:") || m.LightDisk().Sum() != sums[i] {
			t.Errorf("%s was not sent to its disk by one script, or its disk changed:\n%s", m.Name, said)
		}
	}
	for end := time.Now().Add(10 * time.Second); locked(t, r) > 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d of %d machines are still locked after their first boot", locked(t, r), n)
		}
	}
	if n := stranger.LightDisk().Written(); n < 4<<20 {
		t.Errorf("%d bytes were written to the disk of the machine that nobody adopted: it did not get the boot image:\n%s", n, strings.Join(stranger.ConsoleTail(100), "\n"))
	}
}

func oldName(i int) string { return fmt.Sprintf("old-%03d", i) }

// adopt brings machines as in use, by serial and MAC, as root of the
// appliance's host.
func adopt(t *testing.T, r *virtualrack.Rack, machines []*virtualrack.Machine) {
	t.Helper()
	list := "serial,nic1_mac,hostname\n"
	for i, m := range machines {
		list += fmt.Sprintf("%s,%s,%s\n", m.Serial, m.MAC, oldName(i))
	}
	q := url.Values{"as": {"in_use"}, "reason": {"ran before the appliance came"}}
	var got struct {
		Written bool
		New     int
	}
	ask(t, r, http.MethodPost, "/api/v1/imports?"+q.Encode(), list, &got)
	if !got.Written || got.New != len(machines) {
		t.Fatalf("import = %+v", got)
	}
}

// locked counts the machines with a lock until their first boot.
func locked(t *testing.T, r *virtualrack.Rack) (n int) {
	t.Helper()
	var got struct{ Total int }
	ask(t, r, http.MethodGet, "/api/v1/machines?limit=1&selector="+url.QueryEscape("locked=true"), "", &got)
	return got.Total
}

// ask asks the appliance over its socket, and reads what it answers.
func ask(t *testing.T, r *virtualrack.Rack, method, path, body string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://rack"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/csv")
	resp, err := web(r).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode == http.StatusOK {
		err = json.Unmarshal(text, into)
	}
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s = %d %s, %v", method, path, resp.StatusCode, text, err)
	}
}
