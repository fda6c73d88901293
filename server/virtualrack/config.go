package virtualrack

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"firstlight/server/machine"
)

// configuration is firstlight.yaml of a rack. Strings are quoted by Go, which
// YAML's double quotes read the same for what stands in them here.
var configuration = template.Must(template.New("").Parse(`# Written by virtualrack for each run; changes are lost.
state: {{printf "%q" .State}}
interfaces:
  - {name: {{.Link}}, address: {{.Own}}{{with .Own6}}, address6: "{{.}}"{{end}}}
{{- if .HTTPS}}
machines: {https_port: 443}
{{- end}}
{{- if .OwnLoader}}
dhcp: {own_loader: true}
{{- end}}
people: {listen: "fd:people", names: [localhost]}
tftp: {transfers: 4096, per_source: 64}
site:
  name: {{.Site}}
  domain: {{.Domain}}
  bmc: {user: {{.User}}, password_file: {{printf "%q" .PasswordFile}}}
subnets:
  - name: rack
    prefix: "{{.Prefix}}"
    ranges: ["{{.First}}-{{.Last}}"]
    mode: {{.Mode}}
    policy: register
    lease: 1h
    secure_boot: {{.SecureBoot}}
{{- range .Relayed}}
  - {name: {{.Name}}, prefix: {{.Prefix}}, ranges: [{{.First}}-{{.Last}}], gateway: {{.Relay}}, mode: {{.Mode}}, policy: {{.Policy}}, lease: {{.Lease}}, secure_boot: {{.SecureBoot}}}
{{- end}}
rules:
{{- range .Rules}}
  - {name: {{.Name}}, match: {{printf "%q" .Match}}, accept: {{.Accept}}{{with .Site}}, site: {{.}}{{end -}}
    {{with .Rack}}, rack: {{printf "%q" .}}{{end}}{{with .Role}}, role: {{.}}{{end -}}
    {{with .Image}}, image: {{printf "%q" .}}{{end}}{{with .Limit}}, limit: {{.}}{{end}}}
{{- end}}
log: {level: {{.Level}}, format: text}
`))

// bmcUser is who may log in to every BMC of the rack.
const bmcUser = "admin"

// writeConfig lays the appliance's configuration into the run folder.
func (r *Rack) writeConfig(rules []machine.Rule) error {
	var text bytes.Buffer
	prefix, first, last, own6 := bootNetwork, firstAddress, lastAddress, ""
	if r.spec.IPv6 {
		prefix, first, last, own6 = bootNetwork6, firstAddress6, lastAddress6, ownAddress6.String()
	}
	err := configuration.Execute(&text, map[string]any{
		"State": r.stateDir(), "Link": applianceLink, "Own": ownAddress, "Site": siteName, "Domain": domain,
		"User": bmcUser, "PasswordFile": r.path("bmc.password"), "Prefix": prefix, "Own6": own6,
		"First": first, "Mode": r.spec.Mode, "Last": last, "Rules": rules, "Relayed": r.relayedNetworks(), "HTTPS": r.spec.HTTPS, "SecureBoot": r.spec.SecureBoot, "OwnLoader": r.spec.OwnLoader, "Level": strings.ToLower(r.spec.Level.String()),
	})
	if err != nil {
		return fmt.Errorf("write the appliance's configuration: %w", err)
	}
	for _, f := range []struct {
		name string
		text []byte
	}{
		{"bmc.password", []byte(string(r.password) + "\n")},
		{"firstlight.yaml", text.Bytes()},
		{"client.json", fmt.Appendf(nil, "{\"socket\": %q}\n", filepath.Join(r.stateDir(), "firstlight.sock"))},
	} {
		if err := os.WriteFile(r.path(f.name), f.text, 0o600); err != nil {
			return fmt.Errorf("write the appliance's configuration: %w", err)
		}
	}
	return nil
}

// relayedNetwork is a network behind a relay as the configuration has it.
type relayedNetwork struct {
	machine.Subnet
	Relay, First, Last netip.Addr
}

func (r *Rack) relayedNetworks() []relayedNetwork {
	all := make([]relayedNetwork, r.spec.Relayed)
	for i := range all {
		p := RelayedNetwork(i)
		last := p.Addr().As4()
		last[3] |= 62
		relay := p.Addr().Next()
		own := machine.Subnet{Name: fmt.Sprintf("rack-%d", i+1), Mode: machine.ModeServer, Policy: machine.PolicyRegister, Lease: time.Hour}
		if i == 0 && r.spec.Behind != nil {
			own = *r.spec.Behind
		}
		if own.Name == siteName { // the boot network has that name
			own.Name = fmt.Sprintf("rack-%d", i+1)
		}
		own.Prefix = p
		all[i] = relayedNetwork{own, relay, relay.Next(), netip.AddrFrom4(last)}
	}
	return all
}

func (r *Rack) path(name string) string { return filepath.Join(r.spec.Dir, name) }
func (r *Rack) stateDir() string        { return r.path("state") }
