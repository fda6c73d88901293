package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"firstlight/agent/report"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/serverdb"
)

// Logins are the log-ins to BMCs that agents are to set: see package login.
type Logins interface {
	Prepare(ctx context.Context, m *machine.Machine) (user, old string, err error)
	Unseal(id, sealed string) (user string, password oob.Secret, err error)
	Promote(ctx context.Context, m *machine.Machine, user string) (how string, err error)
}

// BMCRequest asks for a user of ours on the BMC of a machine.
type BMCRequest struct {
	Machine   *machine.Machine
	Network   *report.BMCNetwork // nil: as it is
	Target    string             // the selector as given
	Requester string             // for whom
	User      string             // who called
	By        serverdb.Actor
}

// ControlBMC makes a job by which the agent of a machine makes a user on its BMC,
// with a password that nobody has seen. The machine goes on as it was, whatever
// comes of it. It answers *serverdb.BusyError when the machine has an open job.
func (e *Engine) ControlBMC(ctx context.Context, r BMCRequest) (*machine.Job, error) {
	params, err := bmcParams(r.Network)
	if err != nil {
		return nil, err
	}
	full, err := e.DB.Full(ctx, r.Machine)
	if err != nil {
		return nil, err
	}
	if err := e.mayControl(full); err != nil {
		return nil, err
	}
	// What is to be set is on disk before there is a job that could set it.
	user, old, err := e.Logins.Prepare(ctx, r.Machine)
	if err != nil {
		return nil, err
	}
	params["user"] = user
	if old != "" {
		params["old"] = old
	}
	j := &machine.Job{
		ID: uuid.NewString(), Action: machine.ActionBMC, Status: machine.JobQueued, Target: r.Target, Params: params,
		Requester: r.Requester, User: r.User, CreatedAt: e.Now().UTC(), Machine: r.Machine.ID, Attempt: 1, Steps: waitingSteps(machine.ActionBMC),
	}
	return j, e.DB.CreateJob(ctx, j, func(w *serverdb.Write) error {
		m, err := w.Machine(j.Machine)
		if err != nil {
			return err
		}
		if m.Flags.Frozen || m.Flags.Locked {
			return e.mayControl(m)
		}
		return w.Audit(cmp.Or(r.By, serverdb.Actor{Name: r.User}), "bmc adopt", m.Name, old, "user "+user+", job "+j.ID)
	})
}

// mayControl refuses what an order to the agent could not bring about.
func (e *Engine) mayControl(m *machine.Machine) error {
	_, transient := m.Status.Transient()
	switch {
	case m.Flags.Frozen:
		return refuse("machine %s is frozen since an older database was restored: thaw it first", m.Name)
	case m.Flags.Locked:
		return refuse("machine %s is locked: %s", m.Name, m.Flags.LockNote)
	case transient:
		return refuse("machine %s is %s: wait until that is over", m.Name, m.Status.Human())
	case m.Facts != nil && !m.Facts.BMC:
		return refuse("machine %s shows no BMC to its agent", m.Name)
	case !e.agents.polling(m.ID, e.Now()):
		return refuse("the agent of machine %s is not there: boot it into the agent first", m.Name)
	}
	return nil
}

// Names of what a job about a BMC has in its parameters about the network.
const (
	paramMode    = "network"
	paramAddress = "address"
	paramGateway = "gateway"
)

func bmcParams(n *report.BMCNetwork) (map[string]string, error) {
	params := map[string]string{}
	switch {
	case n == nil:
		return params, nil
	case n.DHCP && (n.Address != "" || n.Gateway != ""):
		return nil, refuse("a BMC has its address by DHCP, or a static one: not both")
	case n.DHCP:
		params[paramMode] = "dhcp"
		return params, nil
	}
	address, err := netip.ParsePrefix(n.Address)
	if err != nil || !address.Addr().Is4() {
		return nil, refuse("address %q: want one of IPv4 with its prefix length, such as 10.80.99.3/24", n.Address)
	}
	params[paramMode], params[paramAddress] = "static", n.Address
	if n.Gateway == "" {
		return params, nil
	}
	if gateway, err := netip.ParseAddr(n.Gateway); err != nil || !address.Contains(gateway) || gateway == address.Addr() {
		return nil, refuse("gateway %q: want another address of %s", n.Gateway, address.Masked())
	}
	params[paramGateway] = n.Gateway
	return params, nil
}

func networkOf(params map[string]string) *report.BMCNetwork {
	if params[paramMode] == "" {
		return nil
	}
	return &report.BMCNetwork{DHCP: params[paramMode] == "dhcp", Address: params[paramAddress], Gateway: params[paramGateway]}
}

// proveLimit is how long a BMC may take to let its new user in: some take a minute
// to hand it on to all of their services.
const proveLimit = 3 * time.Minute

// checkProven logs in with what the agent set. A BMC that refuses it may just be
// slow; it is asked again after a while, since many shut out who fails often.
func checkProven(ctx context.Context, r *run) (state, string, error) {
	if !r.mayAct(r.job.Current()) {
		return pending, "", nil
	}
	err := r.change(ctx, func(_ *serverdb.Write, j *machine.Job) error {
		c := j.Current()
		c.ActedAt, c.Attempt = r.Now(), c.Attempt+1
		return nil
	})
	if err != nil {
		return pending, "", err
	}
	how, err := r.Logins.Promote(ctx, r.machine, r.job.Params["user"])
	switch {
	case errors.Is(err, oob.ErrNoLogin):
		return pending, "", fmt.Errorf("%w: %w", err, errFinal)
	case err != nil:
		return pending, "", err
	}
	return done, how, nil
}
