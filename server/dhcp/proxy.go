package dhcp

import (
	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/boot"
	"firstlight/server/machine"
)

// bootPort is where clients ask a boot server (PXE 2.1 §2.2.3), after a DHCP
// server gave them an address.
const bootPort = 4011

// proxied answers on port 67 of a subnet whose addresses another server gives: a
// DISCOVER of firmware gets an offer without an address, and everything else
// silence. What clients say to the other server tells whose an address is.
func (s *Server) proxied(q *query, v verdict) verdict {
	s.hear(q)
	switch {
	case q.kind == dhcpv4.MessageTypeRequest && q.server.IsValid() && !q.means(q.server):
		v.lease.Address = q.wants
		return v.silent(dropOtherServer, "it takes its address from "+q.server.String())
	case !q.isBoot() || q.kind != dhcpv4.MessageTypeDiscover:
		return v.silent(dropNotBoot, "another server gives addresses on subnet "+v.subnet.Name)
	case !q.served(v):
		return v.silent(dropPolicy, v.decision.Why)
	}
	return s.direct(q, v, dhcpv4.MessageTypeOffer)
}

// hear keeps in mind which address a client takes, or has, from another server.
func (s *Server) hear(q *query) {
	a := q.wants
	if q.ciaddr.IsValid() {
		a = q.ciaddr
	}
	asks := q.kind == dhcpv4.MessageTypeRequest || q.kind == dhcpv4.MessageTypeInform
	if asks && a.IsValid() && !q.means(q.server) {
		s.cfg.Leases.Heard(a, q.boot.MAC, q.at)
	}
}

// bootServer answers a client that has its address and asks on port 4011 what to
// load. It is written to where it asks from, if that is the address that it
// says it has: nobody makes us write to others.
func (s *Server) bootServer(q *query, v verdict) verdict {
	switch {
	case q.kind != dhcpv4.MessageTypeRequest && q.kind != dhcpv4.MessageTypeInform:
		return v.silent(dropMalformed, "message type "+q.kind.String()+" is none for a boot server")
	case !q.ciaddr.IsValid() || q.ciaddr != q.peer.Addr():
		return v.silent(dropMalformed, "it asks a boot server from "+q.peer.String()+" and says that it has "+q.ciaddr.String())
	case q.server.IsValid() && !q.means(q.server):
		return v.silent(dropOtherServer, "it is bound to the boot server "+q.server.String())
	case !q.isBoot():
		return v.silent(dropNotBoot, "only firmware asks a boot server")
	case !q.served(v):
		return v.silent(dropPolicy, v.decision.Why)
	}
	if v.subnet.Mode == machine.ModeProxy {
		s.cfg.Leases.Heard(q.ciaddr, q.boot.MAC, q.at)
	}
	return s.direct(q, v, dhcpv4.MessageTypeAck)
}

// direct writes a reply without an address, which tells what to load and
// nothing else. A client for which there is nothing hears nothing: its next
// boot device, or another boot server, is none of our business.
func (s *Server) direct(q *query, v verdict, kind dhcpv4.MessageType) verdict {
	r := newReply(q, kind)
	r.has = q.ciaddr
	if v.boots, v.why = s.addBoot(r, q, v); v.boots == "" {
		return v.silent(dropNoLoader, v.why)
	}
	switch {
	case q.boot.Stage == boot.StageIPXE:
		r.setText(dhcpv4.OptionClassIdentifier, classPXE) // by which it takes a reply for a proxy's
	case q.boot.Stage == boot.StageFirmware && kind == dhcpv4.MessageTypeOffer && boot.IsEFI(q.boot.Arch):
		askAgain(r)
	}
	r.drop(optionIPXE) // what spares it the wait for proxies is not for a proxy to send
	addItem(r, q)
	v.reply = r
	return v
}

// askAgain leaves only the class in an offer, so that the client comes to port
// 4011 (QUIRKS: uefi-asks-4011).
func askAgain(r *message) {
	r.file = ""
	for _, o := range []dhcpv4.OptionCode{dhcpv4.OptionBootfileName, dhcpv4.OptionTFTPServerName, dhcpv4.OptionVendorSpecificInformation} {
		r.drop(o)
	}
}

// item is PXE_BOOT_ITEM (71), the boot server type and layer that a client chose
// from a menu. A boot server returns it (PXE 2.1 §2.2.3).
const item = 71

func addItem(r *message, q *query) {
	asked := dhcpv4.Options{}
	if asked.FromBytes(q.packet.Options.Get(dhcpv4.OptionVendorSpecificInformation)) != nil {
		return
	}
	chosen, ours := asked.Get(dhcpv4.GenericOptionCode(item)), r.get(dhcpv4.OptionVendorSpecificInformation)
	if len(chosen) != 4 || len(ours) == 0 {
		return
	}
	end := len(ours) - 1 // of its end mark
	ours = append(append(append([]byte{}, ours[:end]...), item, 4), chosen...)
	r.set(dhcpv4.OptionVendorSpecificInformation, append(ours, 0xff))
}
