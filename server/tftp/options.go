package tftp

import (
	"net/netip"
	"strconv"
	"time"
)

const (
	defaultBlock = 512 // bytes, of a client that asks for no other size (RFC 1350 §2)
	// largestBlock fills an Ethernet frame: 1500 less the headers of IPv4, UDP
	// and TFTP. It is what UEFI and iPXE ask for.
	largestBlock = 1500 - 20 - 8 - headerSize
	// largestBlock6 does so with a header of IPv6: firmware need not put
	// fragments together.
	largestBlock6 = 1500 - 40 - 8 - headerSize
	// largestWindow keeps a loss from costing more than 64 blocks, and what
	// waits in a switch below 100 kB.
	largestWindow = 64
	// longestTimeout is the longest that a client may have us wait between two
	// tries: five of them end within a minute.
	longestTimeout = 12
)

// agreed is what both sides hold to for one transfer.
type agreed struct {
	block  int           // bytes
	window int           // blocks
	wait   time.Duration // between tries; 0: as the network answers
	oack   []byte        // what the client is told was taken; nil: nothing
}

// negotiate takes what it can of the options and leaves out the others
// (RFC 2347). size is the file's, or negative where it is not known; largest is
// the largest block that the network carries whole.
func negotiate(r request, size int64, largest uint64) agreed {
	a := agreed{block: defaultBlock, window: 1}
	take := func(name string, low, high uint64, use func(asked uint64) (answer int64)) {
		asked, ok := r.number(name)
		if !ok || asked < low || asked > high {
			return
		}
		if a.oack == nil {
			a.oack = []byte{0, opOACK}
		}
		a.oack = append(append(a.oack, name...), 0)
		a.oack = append(strconv.AppendInt(a.oack, use(asked), 10), 0)
	}
	take("blksize", 8, 65464, func(asked uint64) int64 { // RFC 2348
		a.block = int(min(asked, largest))
		return int64(a.block)
	})
	take("timeout", 1, longestTimeout, func(asked uint64) int64 { // RFC 2349: 1 to 255, to be taken as it is or not at all
		a.wait = time.Duration(asked) * time.Second
		return int64(asked)
	})
	if size >= 0 {
		take("tsize", 0, 1<<62, func(uint64) int64 { return size }) // RFC 2349
	}
	take("windowsize", 1, 65535, func(asked uint64) int64 { // RFC 7440
		a.window = int(min(asked, largestWindow))
		return int64(a.window)
	})
	return a
}

// number reads an option; of one that comes twice, which RFC 2347 forbids, the
// last.
func (r request) number(name string) (n uint64, ok bool) {
	for _, o := range r.options {
		if o.name == name {
			var err error
			n, err = strconv.ParseUint(o.value, 10, 64)
			ok = err == nil
		}
	}
	return n, ok
}

func largestTo(client netip.Addr) uint64 {
	if client.Is6() {
		return largestBlock6
	}
	return largestBlock
}
