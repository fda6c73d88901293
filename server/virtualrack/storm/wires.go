package storm

import (
	"errors"
	"net"
	"net/netip"
	"sync"

	"golang.org/x/net/ipv4"

	"firstlight/server/machine"
)

// wires are what all machines share.
type wires struct {
	server  netip.Addr // the appliance
	nodes   map[machine.MAC]*node
	relays  *net.UDPConn
	loaders *ipv4.PacketConn
	readers sync.WaitGroup

	mu        sync.Mutex
	transfers map[netip.Addr]*transfer
}

// open opens the sockets for so many machines.
func open(at target, machines int) (*wires, error) {
	w := &wires{server: at.server, nodes: make(map[machine.MAC]*node, machines), transfers: map[netip.Addr]*transfer{}}
	for i := range machines {
		n := newNode(i, at.relay(i/perRack))
		w.nodes[n.MAC] = n
	}
	var err error
	if w.relays, err = listenRelays(); err != nil {
		return nil, err
	}
	if w.loaders, err = listenLoaders(); err != nil {
		return nil, errors.Join(err, w.relays.Close())
	}
	w.readers.Go(w.readRelays)
	w.readers.Go(w.readLoaders)
	return w, nil
}

// close ends the sockets and waits for their readers.
func (w *wires) close() error {
	err := errors.Join(w.relays.Close(), w.loaders.Close())
	w.readers.Wait()
	return err
}
