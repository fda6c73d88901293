// Package doctor looks at a host before it serves: would the appliance start
// here, would machines reach it, and does anybody else answer them?
//
// It promises to change nothing: files that it makes to try a folder are gone
// when it returns, ports are free again, and the one question that it sends, a
// DHCP DISCOVER on each boot interface, takes no lease. Every finding that is
// not ok says what to do. It may run beside an appliance that serves. Only
// cmd/firstlight imports it.
package doctor

import (
	"context"
	"io/fs"
	"time"

	"firstlight/server/config"
)

// State is how a finding is.
type State string

// States. A warning does not keep the appliance from serving.
const (
	OK   State = "ok"
	Warn State = "warn"
	Fail State = "fail"
)

// Finding is one thing that was looked at.
type Finding struct {
	State  State  `json:"state"`
	About  string `json:"about"`
	Detail string `json:"detail"`
	Remedy string `json:"remedy,omitempty"`
}

// Patient is what is looked at.
type Patient struct {
	Config     *config.Config
	Devices    []config.Device
	BootImages fs.FS // as bootimage.ReadAll reads them
	Loaders    fs.FS
	Now        time.Time
}

// Examine looks at everything, in the order in which one would repair it.
func Examine(ctx context.Context, p Patient) []Finding {
	var all []Finding
	for _, look := range []func(context.Context, Patient) []Finding{
		interfaces, subnets, capabilities, ports, buffers, otherServers, state, database, images, bootFiles, clock,
	} {
		all = append(all, look(ctx, p)...)
	}
	return all
}

func ok(about, detail string) Finding { return Finding{OK, about, detail, ""} }
