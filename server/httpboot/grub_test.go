package httpboot

import (
	"net/http"
	"strings"
	"testing"

	"firstlight/server/machine"
)

const grubScript = "/boot/script?loader=grub&mac=52:54:00:00:00:01&platform=efi&buildarch=x86_64"

// GRUB gets each answer in its own form, an error as well: it runs whatever
// comes.
func TestGRUBIsAnsweredInItsOwnForm(t *testing.T) {
	s, st := door(t, func(_ *Config, st *site) { st.policy = machine.PolicyRegister })
	status := func(now machine.Status) func() { return func() { st.machines[ours].Status = now } }
	for _, tt := range []struct {
		name, target string
		before       func()
		status       int
		want         []string
	}{
		{"its first configuration", "/grub/grub.cfg", nil, http.StatusOK, []string{"$fl_door/boot/script?$fl_who", "exit"}},
		{"the agent", grubScript, status(machine.Available), http.StatusOK, []string{"set fl_answer=agent", "linux '(http,", "/boot/amd64/vmlinuz' ", "'BOOTIF=01-52-54-00-00-00-01'", "'firstlight.mode=idle'", "initrd '(http,"}},
		{"its own disk", grubScript, status(machine.InUse), http.StatusOK, []string{"set fl_answer=disk"}},
		{"a held machine", grubScript, status(machine.Held), http.StatusOK, []string{"'firstlight.mode=hold'"}},
		{"a stranger", strings.Replace(grubScript, "00:01", "00:99", 1), nil, http.StatusOK, []string{"'firstlight.mode=register'"}},
		{"one who names no MAC", "/boot/script?loader=grub&mac=reboot", nil, http.StatusBadRequest, []string{"echo 'Firstlight: no script: mac: ", "set fl_answer=refused"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.before != nil {
				tt.before()
			}
			resp := call{method: "GET", target: tt.target}.do(s)
			text := bodyOf(t, resp)
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("it lacks %q:\n%s", want, text)
				}
			}
		})
	}
}

// Where UEFI boots over HTTPS, a machine is spared it by its subnet or its own
// report, never for saying that its loader is GRUB.
func TestGRUBOverHTTPBesideHTTPS(t *testing.T) {
	s, st, _ := sealed(t)
	asks := func() int { return call{method: "GET", target: grubScript}.do(s).StatusCode }
	if got := asks(); got != http.StatusForbidden {
		t.Errorf("GRUB of a machine of which nobody knows Secure Boot gets %d, want 403", got)
	}
	st.machines[ours].Observed.SecureBoot = true
	if got := asks(); got != http.StatusOK {
		t.Errorf("GRUB of a machine that reported Secure Boot gets %d, want 200", got)
	}
}

// shim asks for GRUB with two slashes, and UEFI's HTTP follows no redirect.
func TestShimFindsGRUBBesideIt(t *testing.T) {
	s, _ := door(t)
	if got := (call{method: "GET", target: "/boot/loaders//snponly.efi"}).do(s).StatusCode; got != http.StatusOK {
		t.Errorf("GET /boot/loaders//snponly.efi = %d, want 200", got)
	}
}
