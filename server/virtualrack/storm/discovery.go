package storm

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

	"firstlight/server/machine"
	"firstlight/server/virtualrack"
)

// Gigabit is the link of many racks, in bits a second.
const Gigabit = 1e9

// Discovery is how many machines are discovered at the same time.
const Discovery = 200

// Rack is what Discover wants: machines that nobody knows, which fetch whole
// images through one link of a gigabit.
func Rack(s virtualrack.Spec) virtualrack.Spec {
	s.Light, s.Whole, s.LinkRate = Discovery, true, Gigabit
	s.Rules = []machine.Rule{{Name: "all", Match: "vendor=*", Accept: true, Site: "rack"}}
	return s
}

// Discover powers on all machines of a rack through their BMCs, and returns how
// long it took until each of them had booted the agent, was reported with its
// disks and accepted.
func Discover(ctx context.Context, rack *virtualrack.Rack) (time.Duration, error) {
	began := time.Now()
	errs := make(chan error, len(rack.Machines()))
	var pressing sync.WaitGroup
	for _, m := range rack.Machines() {
		pressing.Go(func() { errs <- m.PowerOn(ctx) })
	}
	pressing.Wait()
	for range rack.Machines() {
		if err := <-errs; err != nil {
			return 0, fmt.Errorf("power a machine on: %w", err)
		}
	}
	for n := 0; n < len(rack.Machines()); {
		if _, _ = wait[struct{}](ctx, nil, time.Now().Add(100*time.Millisecond)); ctx.Err() != nil {
			return 0, fmt.Errorf("%d of %d machines were discovered in %s: %w", n, len(rack.Machines()), time.Since(began).Round(time.Second), ctx.Err())
		}
		var err error
		if n, err = available(ctx, rack.Socket()); err != nil && ctx.Err() == nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

var availableLine = regexp.MustCompile(`(?m)^firstlight_machines\{status="available"\} (\d+)$`)

// available asks the appliance's metrics how many machines are.
func available(ctx context.Context, socket string) (int, error) {
	text, err := ask(ctx, socket, http.MethodGet, "/metrics", nil)
	if err != nil {
		return 0, err
	}
	if m := availableLine.FindSubmatch(text); m != nil {
		return strconv.Atoi(string(m[1]))
	}
	return 0, nil
}
