package bmc

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/bougou/go-ipmi/pkg/bmc"
	"github.com/bougou/go-ipmi/pkg/hal/mock"
	"github.com/bougou/go-ipmi/pkg/handlers"
	"github.com/google/go-cmp/cmp"

	"firstlight/agent/report"
)

// peer is a BMC as others read the specification.
type peer struct {
	core     *bmc.BMC
	commands *handlers.Registry
	refuse   func(command byte, data []byte) byte // a code, 0: not
}

func newPeer(slots uint8) *peer {
	p := &peer{core: bmc.New(bmc.DeviceInfo{DeviceID: 1, FirmwareMajor: 2}, [16]byte{}, mock.New()), commands: handlers.NewRegistry(), refuse: func(byte, []byte) byte { return 0 }}
	p.core.Users = bmc.NewUserStore(bmc.WithMaxUsers(slots))
	handlers.RegisterAllHandlers(p.commands)
	return p
}

func (p *peer) hire(t *testing.T, slot uint8, name string) {
	t.Helper()
	u, err := p.core.Users.Add(slot, name)
	if err != nil {
		t.Fatal(err)
	}
	u.Enabled = true
	u.ChannelAccess[1] = bmc.UserChannelAccess{MaxPrivilege: bmc.PrivilegeLevelAdministrator, Enabled: true}
}

func (p *peer) send(netfn, command byte, data ...byte) ([]byte, error) {
	if code := p.refuse(command, data); code != 0 {
		return nil, &refusal{netfn, command, code}
	}
	inside, err := p.core.Channels.Get(0x0F)
	if err != nil {
		return nil, err
	}
	b, code, _ := p.commands.Dispatch(context.Background(), &handlers.HandlerContext{BMC: p.core, Channel: inside}, netfn, command, data)
	if code != 0 {
		return nil, &refusal{netfn, command, byte(code)}
	}
	return b, nil
}

const secret = "Abcdefgh1jklmn.pqrst"

func aPlan() report.BMCPlan { return report.BMCPlan{User: "firstlight", Password: secret} }

// logsIn tells whether the BMC has a user as the plan wants it.
func (p *peer) logsIn(t *testing.T, name, password string) bool {
	t.Helper()
	u, err := p.core.Users.FindEnabledByNameOnChannel(name, 1)
	return err == nil && u.VerifyPassword([]byte(password)) && u.ChannelAccess[1].MaxPrivilege == bmc.PrivilegeLevelAdministrator
}

func TestControlMakesOneUserAndLeavesTheOthersAlone(t *testing.T) {
	p := newPeer(10)
	p.hire(t, 2, "ADMIN")
	p.hire(t, 3, "bob")
	for range 2 { // an order that was cut off comes again
		if err := control(p.send, 1, aPlan()); err != nil {
			t.Fatal(err)
		}
	}
	if !p.logsIn(t, "firstlight", secret) {
		t.Error("the plan's user cannot log in")
	}
	all, err := users(p.send, 1)
	want := []report.BMCUser{
		{Slot: 1, Enabled: true},
		{Slot: 2, Name: "ADMIN", Enabled: true, Network: true, Privilege: "administrator"},
		{Slot: 3, Name: "bob", Enabled: true, Network: true, Privilege: "administrator"},
		{Slot: 4, Name: "firstlight", Enabled: true, Network: true, Privilege: "administrator"},
	}
	if diff := cmp.Diff(want, all); diff != "" || err != nil {
		t.Errorf("users: %v (-want +got):\n%s", err, diff)
	}
}

func TestRetireDisablesOneUser(t *testing.T) {
	p := newPeer(10)
	p.hire(t, 2, "ADMIN")
	p.hire(t, 3, "firstlight2")
	for _, name := range []string{"firstlight2", "firstlight2", "nobody"} {
		if err := retire(p.send, 1, name); err != nil {
			t.Fatal(err)
		}
	}
	all, _ := users(p.send, 1)
	if all[1].Enabled != true || all[2].Enabled {
		t.Errorf("the users are %+v, want only firstlight2 disabled", all)
	}
}

func TestNoUserOfPeopleIsRetired(t *testing.T) {
	if err := Retire("/nowhere", "ADMIN"); err == nil || !strings.Contains(err.Error(), "not made by an appliance") {
		t.Errorf("Retire(ADMIN) = %v, want it refused", err)
	}
	if err := Retire("/nowhere", "firstlight2"); err == nil || !strings.Contains(err.Error(), "no way to its BMC: there is no /nowhere") {
		t.Errorf("Retire without a device = %v, want that there is none", err)
	}
}

func TestControlSaysWhatABMCDoesNotDo(t *testing.T) {
	for name, test := range map[string]struct {
		slots  uint8
		refuse func(command byte, data []byte) byte
		says   string // "": it works all the same
	}{
		"passwords of 20 bytes are refused": {10, func(c byte, data []byte) byte {
			if c == setUserPassword && data[0]&size20 != 0 {
				return 0xC7
			}
			return 0
		}, ""},
		"it cannot compare passwords": {10, func(c byte, data []byte) byte {
			if c == setUserPassword && data[1] == opTest {
				return 0xC1
			}
			return 0
		}, ""},
		"it keeps another password": {10, func(c byte, data []byte) byte {
			if c == setUserPassword && data[1] == opTest {
				return 0x80
			}
			return 0
		}, "keeps another one"},
		"it knows no users": {10, func(c byte, _ []byte) byte {
			if c == getUserAccess {
				return 0xC1
			}
			return 0
		}, "refuses 0x06/0x44 with code 0xc1"},
		"all users are taken": {2, func(byte, []byte) byte { return 0 }, "all 2 users of the BMC are taken"},
		"it refuses the name": {10, func(c byte, _ []byte) byte {
			if c == setUserName {
				return 0xCC
			}
			return 0
		}, `name user 3 "firstlight"`},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeer(test.slots)
			p.hire(t, 2, "ADMIN")
			p.refuse = test.refuse
			err := control(p.send, 1, aPlan())
			if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Fatalf("control = %v, want it to say %q", err, test.says)
			}
			if err != nil && strings.Contains(err.Error(), secret[:8]) {
				t.Errorf("control = %v, which tells the password", err)
			}
			kept := secret
			if strings.HasPrefix(name, "passwords") {
				kept = secret[:shortPass]
			}
			if test.says == "" && !p.logsIn(t, "firstlight", kept) {
				t.Error("the plan's user cannot log in")
			}
		})
	}
}

func TestABusyBMCIsAskedAgain(t *testing.T) {
	p, times := newPeer(10), 0
	p.refuse = func(byte, []byte) byte {
		if times++; times <= 3 {
			return 0xC0
		}
		return 0
	}
	var rested time.Duration
	if _, err := patient(p.send, func(d time.Duration) { rested += d })(netApp, getDeviceID); err != nil || rested != 700*time.Millisecond {
		t.Errorf("asked %d times after %v: %v; want the answer after 700ms", times, rested, err)
	}
	p.refuse = func(byte, []byte) byte { return 0xC0 }
	if _, err := patient(p.send, func(time.Duration) {})(netApp, getDeviceID); err == nil {
		t.Error("a BMC that is always busy answered, want its refusal")
	}
}

// lanPeer keeps the settings of a network; real ones refuse an address while DHCP
// gives it.
func lanPeer(kept map[byte][]byte) sender {
	return func(netfn, command byte, data ...byte) ([]byte, error) {
		switch {
		case netfn != netTransport:
			return nil, &refusal{netfn, command, 0xC1}
		case command == getLANConfig:
			return append([]byte{0x11}, kept[data[1]]...), nil
		case data[1] == paramAddress && string(kept[paramSource]) != "\x01":
			return nil, &refusal{netfn, command, 0x82}
		}
		kept[data[1]] = data[2:]
		return nil, nil
	}
}

func TestTheNetworkIsSetAsThePlanSays(t *testing.T) {
	kept := map[byte][]byte{paramSource: {2}}
	send := lanPeer(kept)
	if err := setNetwork(send, 1, &report.BMCNetwork{Address: "10.1.2.3/22", Gateway: "10.1.0.1"}); err != nil {
		t.Fatal(err)
	}
	want := map[byte][]byte{paramSource: {1}, paramAddress: {10, 1, 2, 3}, paramMask: {255, 255, 252, 0}, paramGateway: {10, 1, 0, 1}}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("the network (-want +got):\n%s", diff)
	}
	if err := setNetwork(send, 1, &report.BMCNetwork{DHCP: true}); err != nil || kept[paramSource][0] != 2 {
		t.Errorf("setNetwork(DHCP) = %v, the source is % x; want DHCP", err, kept[paramSource])
	}
	for _, bad := range []report.BMCNetwork{{Address: "10.1.2.3"}, {Address: "fe80::1/64"}, {Address: "10.1.2.3/22", Gateway: "x"}} {
		if err := setNetwork(send, 1, &bad); err == nil {
			t.Errorf("setNetwork(%+v) = nil, want an error", bad)
		}
	}
}
