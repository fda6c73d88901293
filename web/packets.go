package web

import (
	"net/http"
	"net/url"

	"firstlight/server/auth"
	"firstlight/server/frame"
)

// packetsData is what a machine, or a MAC that nobody knows, and the servers
// said to one another.
type packetsData struct {
	Name, Back string
	File       string // its address
	Bundle     string // that of the bundle, for who may take it
	Packets    []frame.Packet
}

// bundleURL is where all that is known of a machine's boots is one file; "" for
// who may not take it.
func bundleURL(u auth.User, ref string) string {
	if !u.Role.Allows(auth.Technician) {
		return ""
	}
	return "/api/v1/machines/" + url.PathEscape(ref) + "/bundle"
}

func (s *Site) packets(r *http.Request) (view, error) {
	ref := r.PathValue("ref")
	all, err := s.Insight.Packets(ref)
	if err != nil {
		return view{}, err
	}
	d := packetsData{Name: ref, Back: "/network", File: "/api/v1/machines/" + url.PathEscape(ref) + "/packets.pcap", Bundle: bundleURL(userOf(r), ref), Packets: all}
	if m, err := s.Data.Machine(ref); err == nil {
		d.Name, d.Back = m.Name, machineURL(m)
	}
	return view{title: "Packets of " + d.Name, template: "packets", data: d}, nil
}
