package api

import (
	"context"
	"io"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"firstlight/server/frame"
	"firstlight/server/machine"
)

// DHCPServer is a DHCP server that is not the appliance and was heard on one of
// its networks.
type DHCPServer struct {
	Address   string    `json:"address" doc:"Its server identifier" example:"10.80.12.9"`
	MAC       string    `json:"mac,omitempty" doc:"That its packets came from; absent where only a client named it" example:"52:54:00:12:34:99"`
	Interface string    `json:"interface" doc:"Of the appliance" example:"eth1"`
	Subnet    string    `json:"subnet" example:"lab"`
	Expected  bool      `json:"expected" doc:"It may be there: the subnet is in proxy mode, or the configuration names it a peer"`
	FirstAt   time.Time `json:"first_at"`
	LastAt    time.Time `json:"last_at"`
	Count     int       `json:"count" doc:"Signs of it" example:"3"`
	Client    string    `json:"client" doc:"Whom it answered last, a MAC" example:"52:54:00:12:34:56"`
	Offered   string    `json:"offered,omitempty" doc:"The address that it gave then" example:"10.80.12.30"`
	File      string    `json:"file,omitempty" doc:"What it has machines boot" example:"pxelinux.0"`
}

func showDHCPServer(s machine.DHCPServer) DHCPServer {
	out := DHCPServer{
		Address: s.Address.String(), Interface: s.Interface, Subnet: s.Subnet, Expected: s.Expected,
		FirstAt: s.First, LastAt: s.Last, Count: s.Count, Client: s.Client.String(), File: s.File,
	}
	if !s.MAC.IsZero() {
		out.MAC = s.MAC.String()
	}
	if s.Offered.IsValid() {
		out.Offered = s.Offered.String()
	}
	return out
}

func (a *API) dhcpServers(context.Context, *struct{}) (List[DHCPServer], error) {
	return whole(a.Desk.OtherServers(), showDHCPServer), nil
}

// Packet is a DHCP packet as it was on the wire.
type Packet struct {
	At   time.Time `json:"at"`
	From string    `json:"from" doc:"Address and port" example:"0.0.0.0:68"`
	To   string    `json:"to" doc:"Address and port" example:"255.255.255.255:67"`
	Text string    `json:"text" doc:"What it is, in one line" example:"DISCOVER, class PXEClient:Arch:00007:UNDI:003016"`
}

func showPacket(p frame.Packet) Packet {
	return Packet{At: p.At, From: p.From.String(), To: p.To.String(), Text: p.Text}
}

func (a *API) packets(_ context.Context, in *MachineRef) (List[Packet], error) {
	all, err := a.Desk.Packets(in.Ref)
	if err != nil {
		return List[Packet]{}, err
	}
	return whole(all, showPacket), nil
}

// pcap documents and registers the packets as a file.
func pcap(a *API, op huma.Operation) {
	const kind = "application/vnd.tcpdump.pcap"
	op.Responses = map[string]*huma.Response{"200": {Description: "The packets", Content: map[string]*huma.MediaType{
		kind: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}}
	huma.Register(a.huma, op, func(ctx context.Context, in *MachineRef) (*huma.StreamResponse, error) {
		all, err := a.Desk.Packets(in.Ref)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return text(kind, func(w io.Writer) error { return frame.WritePCAP(w, all) }), nil
	})
}
