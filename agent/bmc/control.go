package bmc

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"firstlight/agent/report"
)

const (
	maxUser     = nameSize
	maxPassword = 20
	shortPass   = 16

	opDisable = 0
	opEnable  = 1
	opSet     = 2
	opTest    = 3

	size20 = 0x80 // bit beside the slot: the password has 20 bytes
)

// Control makes a plan's user on the BMC behind a device, as administrator who may
// log in over the network, and sets the network where the plan says how.
func Control(device string, p report.BMCPlan) error {
	if p.User == "" || len(p.User) > maxUser || len(p.Password) < shortPass || len(p.Password) > maxPassword {
		return fmt.Errorf("the plan's user has %d bytes and its password %d: want 1 to %d and %d to %d", len(p.User), len(p.Password), maxUser, shortPass, maxPassword)
	}
	return with(device, func(send sender, channel byte) error { return control(send, channel, p) })
}

// ours begins the names of users that appliances make.
const ours = "firstlight"

// Retire disables a user of the BMC behind a device, if it is one that an appliance
// made: whoever forges an order must not shut people out.
func Retire(device, user string) error {
	if !strings.HasPrefix(user, ours) {
		return fmt.Errorf("user %q of the BMC was not made by an appliance: disable it at the BMC", user)
	}
	return with(device, func(send sender, channel byte) error { return retire(send, channel, user) })
}

func with(device string, f func(send sender, channel byte) error) error {
	d, err := open(device)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the system has no way to its BMC: there is no %s", device)
	}
	if err != nil {
		return fmt.Errorf("reach the BMC: %w", err)
	}
	defer d.close()
	send := patient(d.send, time.Sleep)
	channel, ok := lanChannel(send)
	if !ok {
		return errors.New("the BMC has no channel that is a network")
	}
	return f(send, channel)
}

// busy are the codes of a BMC that has no time: node busy, timeout, duplicated.
var busy = []byte{0xC0, 0xC3, 0xCF}

// patient asks a BMC that is busy again, some times.
func patient(send sender, rest func(time.Duration)) sender {
	return func(netfn, command byte, data ...byte) ([]byte, error) {
		for pause := 100 * time.Millisecond; ; pause *= 2 {
			b, err := send(netfn, command, data...)
			if no := (*refusal)(nil); !errors.As(err, &no) || !slices.Contains(busy, no.code) || pause > 2*time.Second {
				return b, err
			}
			rest(pause)
		}
	}
}

// control does so step by step. What is done twice has the effect of once, so that
// an order that was cut off may come again.
func control(send sender, channel byte, p report.BMCPlan) error {
	slot, err := slotFor(send, channel, p.User)
	if err != nil {
		return err
	}
	if userName(send, slot) != p.User {
		if _, err := send(netApp, setUserName, append([]byte{slot}, padded(p.User, nameSize)...)...); err != nil {
			return fmt.Errorf("name user %d %q: %w", slot, p.User, err)
		}
	}
	if err := setPassword(send, slot, p.Password); err != nil {
		return fmt.Errorf("set the password of user %q: %w", p.User, err)
	}
	const change, linkAuthentication, messaging = 0x80, 0x20, 0x10
	if _, err := send(netApp, setUserAccess, change|linkAuthentication|messaging|channel, slot, administrator, 0); err != nil {
		return fmt.Errorf("let user %q in over the network as administrator: %w", p.User, err)
	}
	if _, err := send(netApp, setUserPassword, slot, opEnable); err != nil {
		return fmt.Errorf("enable user %q: %w", p.User, err)
	}
	if err := openChannel(send, channel); err != nil {
		return err
	}
	if err := setNetwork(send, channel, p.Network); err != nil {
		return err
	}
	return proveUser(send, channel, slot, p.User)
}

// slotFor is where a user is, or a slot that nobody has. The first one is that of
// whoever gives no name.
func slotFor(send sender, channel byte, user string) (byte, error) {
	all, slots, err := accounts(send, channel)
	if err != nil {
		return 0, err
	}
	taken := map[int]bool{1: true}
	for _, u := range all {
		if u.Name == user {
			return byte(u.Slot), nil //nolint:gosec // of 63
		}
		taken[u.Slot] = true
	}
	for slot := 2; slot <= slots; slot++ {
		if !taken[slot] && (slot <= firstSlots || userName(send, byte(slot)) == "") { //nolint:gosec // of 63
			return byte(slot), nil //nolint:gosec // of 63
		}
	}
	return 0, fmt.Errorf("all %d users of the BMC are taken: delete one that nobody needs, at the BMC", slots)
}

// setPassword sets the whole password, or its first 16 bytes where the BMC takes no
// more, and has the BMC compare it, as far as it can.
func setPassword(send sender, slot byte, password string) error {
	flag, size := byte(size20), maxPassword
	_, err := send(netApp, setUserPassword, append([]byte{slot | flag, opSet}, padded(password, size)...)...)
	if no := (*refusal)(nil); errors.As(err, &no) {
		flag, size = 0, shortPass
		_, err = send(netApp, setUserPassword, append([]byte{slot, opSet}, padded(password, size)...)...)
	}
	if err != nil {
		return err
	}
	_, err = send(netApp, setUserPassword, append([]byte{slot | flag, opTest}, padded(password, size)...)...)
	const otherBytes, otherSize = 0x80, 0x81
	if no := (*refusal)(nil); errors.As(err, &no) && (no.code == otherBytes || no.code == otherSize) {
		return errors.New("the BMC took it and keeps another one")
	}
	return nil // some cannot compare; the appliance logs in with it
}

// padded is a text with zeros behind, as long as the BMC wants it.
func padded(s string, size int) []byte {
	b := make([]byte, size)
	copy(b, s)
	return b
}

func retire(send sender, channel byte, user string) error {
	all, _, err := accounts(send, channel)
	if err != nil {
		return err
	}
	for _, u := range all {
		if u.Name != user {
			continue
		}
		if _, err := send(netApp, setUserPassword, byte(u.Slot), opDisable); err != nil { //nolint:gosec // of 63
			return fmt.Errorf("disable user %q: %w", user, err)
		}
		return nil
	}
	return nil // it is gone already
}

// proveUser reads back what was written.
func proveUser(send sender, channel, slot byte, user string) error {
	a, err := send(netApp, getUserAccess, channel, slot)
	switch {
	case err != nil || len(a) < 4:
		return fmt.Errorf("read user %q back: %w", user, shortAnswer(a, err))
	case userName(send, slot) != user:
		return fmt.Errorf("the BMC took the name %q and shows another", user)
	case a[3]&0x0F != administrator || a[3]&0x10 == 0:
		return fmt.Errorf("the BMC took user %q as an administrator over the network and does not show it", user)
	case a[1]>>6 == 2:
		return fmt.Errorf("the BMC enabled user %q and shows it disabled", user)
	}
	return nil
}
