package jobs

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"

	"firstlight/agent/report"
	"firstlight/server/machine"
)

// hostile are strings that could mean something to YAML, JSON or a shell.
var hostile = []string{
	"plain", `"`, `\`, `\u003c`, `\\u003e`, "<&>", "#", ": ", "- x", "'", "{}", "[", "!!binary", "%", "@", "`id`", "$(id)", "é", "🙂", "null", "~", "1e3", "*a", "&a",
}

func TestQuoteIsReadBackByYAML(t *testing.T) {
	for _, s := range append(hostile, "two\nlines", "tab\t", "\x00", "\x1b[2J") {
		var back map[string]string
		if err := yaml.Unmarshal([]byte("v: "+quote(s)+"\n"), &back); err != nil || back["v"] != s {
			t.Errorf("quote(%q) = %s, read back as %q, %v", s, quote(s), back["v"], err)
		}
	}
}

// TestNoKeyBreaksOutOfUserData is a property rather than a fuzz target: built
// for fuzzing, the SQL engine below this package takes minutes to compile.
func TestNoKeyBreaksOutOfUserData(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.OneOf(rapid.String(), rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOf(rapid.SampledFrom(hostile)).Draw(t, "parts"), " ")
		})).Filter(printable).Draw(t, "key")
		doc := userData("lab-node-1", "lab-node-1.lab.example", []string{key}, "http://h/home/v1/x")
		var back struct {
			Keys []string `yaml:"ssh_authorized_keys"`
			Run  []string `yaml:"runcmd"`
		}
		if err := yaml.Unmarshal([]byte(doc), &back); err != nil || len(back.Keys) != 1 || back.Keys[0] != key || len(back.Run) != 1 {
			t.Errorf("user-data with key %q reads back as %+v, %v:\n%s", key, back, err, doc)
		}
	})
}

func TestTheSeedIsWhatNoCloudReads(t *testing.T) {
	key := `ssh-ed25519 AAAA "ada" <ada@desk> # \u003c`
	inRack(t, func(t *testing.T, r *rack) {
		o := r.ordered()
		plan, err := r.engine().Redeem(t.Context(), r.machine(), proven, report.Redeem{Order: o.ID, Token: o.Token})
		if err != nil {
			t.Fatal(err)
		}
		var meta, user, network map[string]any
		for name, into := range map[string]*map[string]any{"meta-data": &meta, "user-data": &user, "network-config": &network} {
			if err := yaml.Unmarshal([]byte(plan.(*report.Plan).Seed[name]), into); err != nil {
				t.Errorf("%s: %v:\n%s", name, err, plan.(*report.Plan).Seed[name])
			}
		}
		same(t, "meta-data", map[string]any{"instance-id": r.job().ID + "-1", "local-hostname": "lab-node-1"}, meta)
		same(t, "fqdn and keys", []any{"lab-node-1.lab.example", []any{key}}, []any{user["fqdn"], user["ssh_authorized_keys"]})
		same(t, "network-config", map[string]any{"version": uint64(2), "ethernets": map[string]any{"boot": map[string]any{
			"match": map[string]any{"macaddress": "52:54:00:00:00:01"}, "dhcp4": true, "dhcp-identifier": "mac",
		}}}, network)
		if !strings.HasPrefix(plan.(*report.Plan).Seed["user-data"], "#cloud-config\n") || !strings.Contains(plan.(*report.Plan).Seed["user-data"], "http://10.80.12.1:8080/home/v1/") {
			t.Errorf("user-data = %s", plan.(*report.Plan).Seed["user-data"])
		}
	}, noBMC, func(r *rack) { r.keys = []string{key} })
}

func TestAnInstallWhoseSeedCannotBeWrittenIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		keys   []string
		change func(*machine.Machine)
		want   string
	}{
		{"a key of two lines", []string{"ssh-ed25519 AAAA\nssh-rsa BBBB"}, nil, "ssh_keys[0]"},
		{"an empty key", []string{"ssh-ed25519 AAAA", ""}, nil, "ssh_keys[1]"},
		{"a host name that is none", nil, func(m *machine.Machine) { m.Hostname = "a\nb" }, "host name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inRack(t, func(t *testing.T, r *rack) {
				o := r.ordered()
				m := r.machine().Clone()
				if tt.change != nil {
					tt.change(m)
				}
				if _, err := r.engine().seed(m, r.job(), "x"); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("seed() = %v, want %q", err, tt.want)
				}
				if len(tt.keys) > 0 {
					r.wantRefused("Redeem()", r.redeem(r.machine(), o))
				}
			}, noBMC, func(r *rack) { r.keys = tt.keys })
		})
	}
}
