package operate

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode"

	"firstlight/agent/report"
	"firstlight/server/auth"
	"firstlight/server/jobs"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/serverdb"
)

// Logins keeps credentials of BMCs, sealed.
type Logins interface {
	// Give keeps the credential for the machine with a serial, known or not.
	Give(ctx context.Context, who string, l oob.Login) error
}

// SetBMC keeps the log-in of a machine's BMC; the next log-in proves it.
func (d *Desk) SetBMC(ctx context.Context, who auth.User, l oob.Login) error {
	if err := checkLogin(l); err != nil {
		return err
	}
	after := l.User
	if l.Address != "" {
		after += " at " + l.Address
	}
	by, err := d.mayLogIn(who, l.Serial)
	if err != nil {
		return err
	}
	if err := d.DB.RecordAudit(ctx, by, "bmc log-in", l.Serial, "", after); err != nil {
		return err
	}
	return explain(d.Logins.Give(ctx, who.Name, l))
}

// AdoptBMC has the agent of a machine make a user of ours on its BMC, with a
// password that nobody sees, and takes it into use once it logged in. With one that
// is ours already it is the rotation of its password.
func (d *Desk) AdoptBMC(ctx context.Context, who auth.User, ref string, network *report.BMCNetwork) (*machine.Job, error) {
	m, by, err := d.allowed(who, ref, auth.Change)
	if err != nil {
		return nil, err
	}
	if j, open := d.DB.OpenJob(m.ID); open {
		return nil, explain(&serverdb.BusyError{Job: j})
	}
	j, err := d.Jobs.ControlBMC(ctx, jobs.BMCRequest{
		Machine: m, Network: network, Target: "hardwarename=" + m.Name, Requester: who.Name, User: who.Name, By: by,
	})
	return j, explain(err)
}

// mayLogIn decides about the machine with a serial; one that has not shown
// itself yet is nobody's.
func (d *Desk) mayLogIn(who auth.User, serial string) (serverdb.Actor, error) {
	for _, m := range d.DB.Machines() {
		if m.Serial == serial {
			return may(who, m, auth.Change)
		}
	}
	return may(who, &machine.Machine{Name: serial}, auth.Change)
}

// Bounds of what BMCs take (Redfish ManagerAccount; IPMI 2.0 allows 16 and 20).
const (
	maxSerial   = 64
	maxUser     = 64
	maxPassword = 128
)

func checkLogin(l oob.Login) error {
	switch {
	case !plain(l.Serial, maxSerial):
		return &Refused{Field: "serial", Value: clip(l.Serial), Why: "is no serial number", Remedy: "give 1 to 64 printing characters, as the machine's own label has them"}
	case !plain(l.User, maxUser):
		return &Refused{Field: "user", Value: clip(l.User), Why: "is no user name", Remedy: "give 1 to 64 printing characters"}
	case !plain(string(l.Password), maxPassword):
		return &Refused{Field: "password", Value: l.Password.String(), Why: "cannot be a BMC's password", Remedy: "give 1 to 128 printing characters"}
	case l.Address != "" && !hostPort(strings.TrimPrefix(strings.TrimPrefix(l.Address, "ipmi://"), "https://")):
		return &Refused{Field: "address", Value: clip(l.Address), Why: "is no address", Remedy: "give an IP address or a host name, and a port where it is not 443 (623 by IPMI), with ipmi:// or https:// in front where it is to be that alone"}
	}
	return nil
}

// plain tells whether a text has 1 to most bytes and only printing characters.
func plain(s string, most int) bool {
	return s != "" && len(s) <= most && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

func hostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		host, port = strings.Trim(s, "[]"), "443"
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return false
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return host != "" && len(host) <= 253 && strings.IndexFunc(host, notInName) < 0
}

// notInName tells what no host name has (RFC 1123, section 2.1).
func notInName(r rune) bool {
	return r != '-' && r != '.' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
}
