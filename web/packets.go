package web

import (
	"net/http"
	"net/url"

	"firstlight/server/frame"
)

// packetsData is what a machine, or a MAC that nobody knows, and the servers
// said to one another.
type packetsData struct {
	Name, Back string
	File       string // its address
	Packets    []frame.Packet
}

func (s *Site) packets(r *http.Request) (view, error) {
	ref := r.PathValue("ref")
	all, err := s.Insight.Packets(ref)
	if err != nil {
		return view{}, err
	}
	d := packetsData{Name: ref, Back: "/network", File: "/api/v1/machines/" + url.PathEscape(ref) + "/packets.pcap", Packets: all}
	if m, err := s.Data.Machine(ref); err == nil {
		d.Name, d.Back = m.Name, machineURL(m)
	}
	return view{title: "Packets of " + d.Name, template: "packets", data: d}, nil
}
