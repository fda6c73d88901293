package debian_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// unitPath is where the package puts its unit.
const unitPath = "usr/lib/systemd/system/firstlight.service"

// unit is what a systemd unit sets, by its last word on each key; keys that add
// up, such as SystemCallFilter, are left to systemd-analyze.
type unit map[string]string

func readUnit(t *testing.T, root string) unit {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, unitPath))
	if err != nil {
		t.Fatal(err)
	}
	u := unit{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			u[key] = value
		}
	}
	return u
}

// command is the unit's command line behind what systemd does before it: user,
// groups, capabilities and the promise to gain nothing by exec.
func (u unit) command(t *testing.T) []string {
	t.Helper()
	for _, key := range []string{"ExecStart", "User", "Group", "AmbientCapabilities", "CapabilityBoundingSet", "UMask"} {
		if u[key] == "" {
			t.Fatalf("the unit does not set %s", key)
		}
	}
	args := []string{
		"setpriv", "--reuid", u["User"], "--regid", u["Group"], "--init-groups",
		"--inh-caps", capabilities(u["AmbientCapabilities"]), "--ambient-caps", capabilities(u["AmbientCapabilities"]),
		"--bounding-set", capabilities(u["CapabilityBoundingSet"]),
	}
	if u["NoNewPrivileges"] == "yes" {
		args = append(args, "--no-new-privs")
	}
	args = append(args, "sh", "-c", `umask "$0" && exec "$@"`, u["UMask"])
	return append(args, strings.Fields(u["ExecStart"])...)
}

// capabilities are systemd's as setpriv spells them.
func capabilities(list string) string {
	all := []string{"-all"}
	for name := range strings.FieldsSeq(list) {
		all = append(all, "+"+strings.ToLower(strings.TrimPrefix(name, "CAP_")))
	}
	return strings.Join(all, ",")
}

func TestCapabilitiesAreSpeltForSetpriv(t *testing.T) {
	got := strings.Split(capabilities("CAP_NET_RAW CAP_NET_BIND_SERVICE"), ",")
	if want := []string{"-all", "+net_raw", "+net_bind_service"}; !slices.Equal(got, want) {
		t.Errorf("capabilities = %q, want %q", got, want)
	}
}
