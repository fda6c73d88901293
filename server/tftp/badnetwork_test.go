package tftp

import (
	"bytes"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

// network is what lies between a client and the server. Of a hundred packets it
// loses five, doubles five, and lets 25 overtake the others, which take 25 ms.
type network struct {
	near, far *net.UDPConn // towards client and server

	mu             sync.Mutex
	chance         *rand.Rand
	client, server *net.UDPAddr // the server's is that of the transfer once it has answered
}

// through puts a network between c and its server.
func through(t *testing.T, c *client, seed uint64) *client {
	t.Helper()
	loopback := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	near, err := net.ListenUDP("udp4", loopback)
	if err != nil {
		t.Fatal(err)
	}
	far, err := net.ListenUDP("udp4", loopback)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	listening := c.to.Port
	n := &network{near: near, far: far, chance: rand.New(rand.NewPCG(seed, 0)), server: c.to}
	go n.carry(near, func(from *net.UDPAddr, b []byte) { n.client = from; n.pass(b, far, n.server) })
	go n.carry(far, func(from *net.UDPAddr, b []byte) {
		if n.server.Port == listening {
			n.server = from
		}
		// A doubled request begins two transfers; as clients do, the network
		// keeps to the first.
		if from.Port == n.server.Port {
			n.pass(b, near, n.client)
		}
	})
	c.to = near.LocalAddr().(*net.UDPAddr)
	return c
}

func (n *network) carry(from *net.UDPConn, take func(*net.UDPAddr, []byte)) {
	for b := make([]byte, 65536); ; {
		size, who, err := from.ReadFromUDP(b)
		if err != nil {
			return // the test is over
		}
		n.mu.Lock()
		take(who, bytes.Clone(b[:size]))
		n.mu.Unlock()
	}
}

// pass sends on what is not lost.
func (n *network) pass(b []byte, out *net.UDPConn, to *net.UDPAddr) {
	send := func() { _, _ = out.WriteToUDP(b, to) }
	if n.chance.IntN(100) < 5 {
		return
	}
	delay := 25 * time.Millisecond
	if n.chance.IntN(100) < 25 {
		delay = 0
	}
	time.AfterFunc(delay, send)
	if n.chance.IntN(100) < 5 {
		time.AfterFunc(delay, send)
	}
}

// T-02: what comes through a bad network is whole: 8 kB for each block of a
// window. The long form takes all pairs of sizes, a thousand transfers in all, and
// beside them files of 1, 4 and 16 MiB.
func TestABadNetwork(t *testing.T) {
	t.Parallel()
	blocks, windows, rounds := []int{1468}, []int{1, 4, 16, 64}, 2
	if os.Getenv("FIRSTLIGHT_LONG") != "" {
		blocks, rounds = []int{512, 1428, 1468, 8192, 65464}, 50
	}
	s, _ := start(t, func(c *Config) {
		c.PerSource = 1000
		files := fstest.MapFS{}
		for _, w := range windows {
			files["sized/"+strconv.Itoa(w)] = &fstest.MapFile{Data: loader[:w*8<<10]}
		}
		c.Routes = append(c.Routes, Route{"sized/", files})
	})
	var all sync.WaitGroup
	if os.Getenv("FIRSTLIGHT_LONG") != "" {
		for _, size := range []int{1 << 20, 4 << 20, 16 << 20} {
			all.Go(func() { largeThroughABadNetwork(t, size) })
		}
	}
	slots := make(chan struct{}, 50)
	seed := uint64(0)
	for _, b := range blocks {
		for _, w := range windows {
			for range rounds {
				seed++
				c := through(t, dial(t, s), seed)
				all.Go(func() {
					slots <- struct{}{}
					defer func() { <-slots }()
					want := loader[:w*8<<10]
					if got, err := c.windows(b, w, "sized/"+strconv.Itoa(w)); err != nil || !bytes.Equal(got, want) {
						t.Errorf("blocks of %d, windows of %d: %d of %d bytes are there, %v", b, w, len(got), len(want), err)
					}
				})
			}
		}
	}
	all.Wait()
	if s.metrics.resent.Load() == 0 {
		t.Error("nothing was sent again: the network lost nothing")
	}
}

// largeThroughABadNetwork fetches one file in the largest blocks and windows.
func largeThroughABadNetwork(t *testing.T, size int) {
	want := bytes.Repeat([]byte("firstlight"), size/10+1)[:size]
	s, _ := start(t, func(c *Config) { c.Routes = []Route{{"big", oneFile(want)}} })
	got, err := through(t, dial(t, s), uint64(size)).windows(1468, 64, "big")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d of %d bytes are there, %v", len(got), len(want), err)
	}
}
