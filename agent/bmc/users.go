package bmc

import (
	"fmt"
	"strings"

	"firstlight/agent/report"
)

// Commands about users (sections 22.26 to 22.31).
const (
	setUserAccess   = 0x43
	getUserAccess   = 0x44
	setUserName     = 0x45
	getUserName     = 0x46
	setUserPassword = 0x47

	administrator = 4

	// firstSlots are read on each BMC, more only as long as enabled users are missing:
	// a slow one takes 50 ms for an answer, and some have 63 slots, nearly all empty.
	firstSlots = 16
	nameSize   = 16
)

// privileges are the levels of users (table 22-28).
var privileges = map[byte]string{1: "callback", 2: "user", 3: "operator", administrator: "administrator", 5: "oem"}

// users lists the accounts of a BMC as far as they are enabled or have a name.
func users(send sender, channel byte) (all []report.BMCUser, err error) {
	all, _, err = accounts(send, channel)
	return all, err
}

// accounts lists them, and says how many slots there are.
func accounts(send sender, channel byte) (all []report.BMCUser, slots int, err error) {
	slots, enabled := 1, 0
	for slot := 1; slot <= slots && (slot <= firstSlots || enabled > 0); slot++ {
		a, err := send(netApp, getUserAccess, channel, byte(slot))
		if err != nil || len(a) < 4 {
			if slot == 1 {
				return nil, 0, fmt.Errorf("ask the BMC for its users: %w", shortAnswer(a, err))
			}
			continue
		}
		if slot == 1 {
			slots, enabled = int(a[0]&0x3F), int(a[1]&0x3F)
		}
		u := report.BMCUser{Slot: slot, Network: a[3]&0x10 != 0, Privilege: privileges[a[3]&0x0F]}
		// Older BMCs say nothing of it (00b): a user that may come in counts as enabled.
		if state := a[1] >> 6; state == 1 || state == 0 && u.Network && u.Privilege != "" {
			u.Enabled = true
			enabled--
		}
		u.Name = userName(send, byte(slot))
		if u.Name != "" || u.Enabled {
			all = append(all, u)
		}
	}
	return all, slots, nil
}

// userName is "" for a slot that nobody has, which BMCs refuse to name.
func userName(send sender, slot byte) string {
	b, err := send(netApp, getUserName, slot)
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(string(b[:min(len(b), nameSize)]), "\x00")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, name)
}

func shortAnswer(b []byte, err error) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("the answer has %d bytes, which is too few", len(b))
}
