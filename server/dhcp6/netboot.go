package dhcp6

import (
	"net"
	"net/url"
	"strings"

	"github.com/insomniacslk/dhcp/dhcpv6"

	"firstlight/server/boot"
)

// addBoot says by URL what to load next (RFC 5970 §3.1), and gives it; or why
// there is nothing. Firmware sends the option request that iPXE and systems do,
// but not all of it asks for the URL: whoever boots is told.
func (s *Server) addBoot(r *dhcpv6.Message, q *query, v verdict) (boots, why string) {
	if !q.isBoot() || v.decision.Target == boot.Ignore {
		return "", ""
	}
	boots, why = s.bootURL(q)
	if boots == "" {
		return "", why
	}
	if q.boot.Stage == boot.StageHTTP {
		// UEFI 2.10 §24.7.3.1: only a reply whose vendor class is HTTPClient
		// counts as an HTTP boot offer.
		r.AddOption(&dhcpv6.OptVendorClass{EnterpriseNumber: enterpriseOf(q.msg), Data: [][]byte{[]byte(classHTTP)}})
	}
	r.AddOption(dhcpv6.OptBootFileURL(boots))
	return boots, ""
}

// bootURL is the script for iPXE, and the loader for firmware: by HTTP where that
// fetches so, else by TFTP.
func (s *Server) bootURL(q *query) (address, why string) {
	if q.boot.Stage == boot.StageIPXE {
		if q.keyed && !s.cfg.Secure {
			// It would refuse any answer over HTTP, and say so only on its screen.
			return "", "its loader fetches over HTTPS alone, and machines.https_port is 0 here"
		}
		return s.cfg.ScriptURL(q.from.server, q.keyed), ""
	}
	loader, err := s.cfg.Loader(q.boot.Arch)
	if err != nil {
		// Firmware that finds no URL goes on to its next boot device.
		return "", err.Error()
	}
	if q.boot.Stage == boot.StageHTTP {
		return s.cfg.LoaderURL(q.from.server, loader), ""
	}
	u := url.URL{Scheme: "tftp", Host: "[" + net.IP(q.from.server.AsSlice()).String() + "]", Path: "/" + loader}
	return u.String(), ""
}

// enterpriseOf is the number with which the client gives its vendor class.
func enterpriseOf(m *dhcpv6.Message) uint32 {
	for _, v := range m.Options.VendorClasses() {
		for _, data := range v.Data {
			if strings.HasPrefix(string(data), classHTTP) {
				return v.EnterpriseNumber
			}
		}
	}
	return enterprise
}
