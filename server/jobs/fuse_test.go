package jobs

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// fuse kills the appliance at a count of the times that it looked at the clock
// or talked to a BMC, both of which it does all along its way.
type fuse struct {
	mu    sync.Mutex
	count int
	at    int // 0: never
	blow  func()
}

func (f *fuse) tick() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if f.count == f.at && f.blow != nil {
		f.blow()
	}
}

// set lets the fuse blow at a count from now on, or never again.
func (f *fuse) set(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at = 0; n > 0 {
		f.at = f.count + n
	}
}

func (f *fuse) ticks() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

// kill ends a life as SIGKILL does: what it answers from now on reaches nobody,
// and the next life finds the database as it lies on disk at this moment, with
// what waited in memory lost.
func (r *rack) kill(l *life) {
	l.cancel()
	r.kills++
	left := fmt.Sprintf("%s.%d", filepath.Join(filepath.Dir(r.path), "serverdb.sqlite"), r.kills)
	for _, part := range []string{"", "-wal"} {
		b, err := os.ReadFile(r.path + part)
		if err == nil {
			err = os.WriteFile(left+part, b, 0o600)
		}
		if err != nil {
			r.t.Error(err)
		}
	}
	r.path = left
}
