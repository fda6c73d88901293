package server_test

import (
	"io"
	"net"
	"strings"
	"testing"
)

// What stands in the way of a start is said in one sentence with a remedy,
// before anything runs.
func TestStartIsRefused(t *testing.T) {
	appliance, client := hosts(t, "env")
	appliance.Cable("bare0", client, "eth3", "52:54:00:12:34:59")
	replace := func(old, by string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, by, 1) }
	}
	udp := func(addr string) func() (io.Closer, error) {
		return func() (io.Closer, error) { return net.ListenPacket("udp4", addr) }
	}
	tcp := func(addr string) func() (io.Closer, error) {
		return func() (io.Closer, error) { return net.Listen("tcp4", addr) }
	}
	nobody := []string{servesAs + "=65534"}
	for _, tt := range []struct {
		name     string
		taken    func() (io.Closer, error) // by another program
		change   func(string) string       // of the configuration
		settings []string
		want     []string
	}{
		{"DNS over UDP is taken", udp("10.80.12.1:53"), nil, nil, []string{"listen for DNS on udp 10.80.12.1:53", "'ss -lnp sport = :53' names it"}},
		{"DNS over TCP is taken", tcp("10.80.12.1:53"), nil, nil, []string{"listen for DNS on tcp 10.80.12.1:53", "stop it"}},
		{"DHCP is taken", udp(":67"), nil, nil, []string{"listen for DHCP on boot0: port 67/udp is in use", "'ss -ulpn sport = :67' names it: stop it there"}},
		{"TFTP is taken", udp("10.80.13.1:69"), nil, nil, []string{"listen for TFTP on 10.80.13.1:69: the port is in use", "stop it there"}},
		{"HTTP is taken", tcp("10.80.14.1:80"), nil, nil, []string{"listen for HTTP on 10.80.14.1:80: the port is in use", "set machines.http_port to another"}},
		{"the people's port is taken", tcp("127.0.0.1:8443"), nil, nil, []string{"people.listen 127.0.0.1:8443: the port is in use", "or set another"}},
		{"there is no such interface", nil, replace("name: ignore0", "name: eth9"), nil, []string{"firstlight.yaml:5:", "interfaces[2].name", `"eth9": this machine has no such interface; it has boot0, observe0, ignore0, bare0`}},
		{"the interface has no address", nil, replace("name: ignore0", "name: bare0"), nil, []string{"firstlight.yaml:5:", `"bare0": has no address: give it one, such as: ip address add`}},
		{"the interface has another address", nil, replace("address: 10.80.12.1}", "address: 10.80.12.9}"), nil, []string{"firstlight.yaml:3:", `"boot0": does not have the address 10.80.12.9; it has 10.80.12.1/24`}},
		{"DNS is to be where no interface is", nil, replace(`listen: ["10.80.12.1:53"]`, `listen: ["192.0.2.1:53"]`), nil, []string{"listen for DNS on tcp 192.0.2.1:53: no interface of this machine has this address", "'ip address' lists"}},
		{"an ordinary user may not", nil, nil, nobody, []string{"listen for DNS on tcp 10.80.12.1:53: not permitted", "CAP_NET_BIND_SERVICE"}},
		{"nor may one whose DNS is elsewhere", nil, replace(":53\"]", ":5353\"]"), nobody, []string{"listen for DHCP on boot0: not permitted", "CAP_NET_RAW", "start as the packaged systemd unit does"}},
		{"the state folder is not the user's", nil, replace("/state\n", "/state/images/debian-12.raw/below\n"), nil, []string{"state: make folder", "set state to a folder that this user may write"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.taken != nil {
				var c io.Closer
				if err := appliance.Do(func() (err error) { c, err = tt.taken(); return err }); err != nil {
					t.Fatal(err)
				}
				defer c.Close()
			}
			p := startAppliance(t, appliance, writeAppliance(t, tt.change), tt.settings...)
			said := p.Await("refused: ")
			for _, want := range tt.want {
				if !strings.Contains(said, want) {
					t.Errorf("it says %q, want %q in it", said, want)
				}
			}
			if rest, err := p.Rest(); err == nil || len(rest) != 0 {
				t.Errorf("it ends with %v and says besides %q, want one sentence and a failure", err, rest)
			}
		})
	}
}
