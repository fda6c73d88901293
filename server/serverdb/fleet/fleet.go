// Package fleet makes up a fleet of any size, the same each time: machines of
// four sites in racks of twenty, with roles, pools, hardware and a history that
// leads to their status, and a journal of boots.
//
// It is for tests and comparisons: Fill writes straight into the store, because
// 100,000 machines through the front door would take longer than what is
// measured. Only tests and server/virtualrack/bench import it.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// Sites and Roles are what the machines are spread over.
var (
	Sites = []string{"lon6", "sto6", "ash2", "sjc1"}
	Roles = []string{"db", "web", "cache", "storage", "search", "queue", "ads", "dns", "log"}
	teams = []string{"playback", "search", "ads", "core"}
	types = []string{"small", "high-io", "high-memory", "storage"}
)

// began is when the first machine came.
var began = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

// perRack is how many machines stand in one rack.
const perRack = 20

// Machine makes the machine with a number, from 0. It names no image: one that a
// catalogue lacks is an issue of each machine.
func Machine(i int) *machine.Machine {
	rack, role := i/perRack, Roles[i/4%len(Roles)]
	site := Sites[siteOf(rack)]
	status, at := statusOf(i), began.Add(time.Duration(i)*time.Second)
	m := &machine.Machine{
		ID: ID(i), Name: Name(i), Kind: machine.Metal, Serial: Name(i), UUID: hardwareUUID(i),
		Vendor: "Dell Inc.", Product: "PowerEdge R" + fmt.Sprint(640+i%3*10), Status: status, Since: at,
		Site: site, Rack: rackName(rack), Unit: 1 + i%perRack, Height: 1, Type: types[i%len(types)], Delivery: fmt.Sprintf("2026-%04d", i/400),
		NICs: []machine.NIC{
			{Name: "eth0", MAC: MAC(i, 0), Address: Address(i), Boot: true, Switch: fmt.Sprintf("sw%d", rack), Port: fmt.Sprint(2 * (i % perRack))},
			{Name: "eth1", MAC: MAC(i, 1), Switch: fmt.Sprintf("sw%d", rack), Port: fmt.Sprint(2*(i%perRack) + 1)},
		},
		BMC:        machine.BMC{Type: "redfish", Address: netip.AddrFrom4([4]byte{10, 200 + byte(i>>16), byte(i >> 8), byte(i)}).String(), MAC: MAC(i, 2), Firmware: "7.00.30", Proven: true},
		ReportedAt: at, CreatedAt: at, UpdatedAt: at, Version: 7,
	}
	if status == machine.InUse {
		m.Role, m.Pool, m.Owner, m.Owned = role, site+"-"+role, teams[i%len(teams)], true
		m.Hostname = fmt.Sprintf("%s-%s-%d", site, role, i)
	}
	if status == machine.Held {
		m.Reason, m.Sentence = "no-rule", "no rule accepts it"
	}
	return m
}

// statusOf spreads statuses as a fleet has them: most machines are in use.
func statusOf(i int) machine.Status {
	switch i % 20 {
	case 17:
		return machine.Held
	case 18, 19:
		return machine.Available
	default:
		return machine.InUse
	}
}

// Name gives a machine's hardware name.
func Name(i int) string { return fmt.Sprintf("FLT%06d", i) }

// ID gives a machine's id.
func ID(i int) string { return fmt.Sprintf("0192f0c0-0000-7000-8000-%012d", i) }

// hardwareUUID gives the UUID that a machine's firmware has.
func hardwareUUID(i int) string { return uuid.NewSHA1(uuid.Nil, []byte(Name(i))).String() }

// MAC gives the address of one of its interfaces.
func MAC(i, nic int) machine.MAC {
	return machine.MAC{2, 0x46, byte(nic), byte(i >> 16), byte(i >> 8), byte(i)}
}

// Address gives the address that is kept for its first interface, in the network
// of its site.
func Address(i int) netip.Addr {
	site := siteOf(i / perRack)
	return netip.AddrFrom4([4]byte{10, byte(96 + 4*site + i>>16), byte(i >> 8), byte(i)})
}

// subnet is the network of a site, by its number: room for 2^18 machines. The
// fleet's names stand in its domain.
func subnet(site int) *machine.Subnet {
	first := netip.AddrFrom4([4]byte{10, byte(96 + 4*site)})
	return &machine.Subnet{
		Name: Sites[site], Prefix: netip.PrefixFrom(first, 14), Site: Sites[site], Domain: Sites[site] + ".example.net",
		Mode: "off", Policy: machine.PolicyRegister, Lease: time.Hour,
	}
}

// siteOf is the number of a rack's site.
func siteOf(rack int) int { return rack % len(Sites) }

func rackName(n int) string { return fmt.Sprintf("r%d", n) }

// Facts makes what the agent saw of a machine.
func Facts(i int) *machine.Facts {
	f := &machine.Facts{
		Vendor: "Dell Inc.", Product: "PowerEdge R" + fmt.Sprint(640+i%3*10), Firmware: "2.19.1", Platform: "efi", Kernel: "6.1.0-56-amd64", Arch: "amd64",
		Sockets: 2, Cores: 16 << (i % 3), Threads: 32 << (i % 3), CPU: "Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz", Memory: 64 << 30 << (i % 3), BMC: true,
	}
	for n := range 8 {
		f.DIMMs = append(f.DIMMs, machine.DIMM{Slot: fmt.Sprintf("A%d", n+1), Bytes: f.Memory / 8, Type: "DDR4", MTs: 2666, Part: "M393A4K40CB2-CTD", Serial: fmt.Sprintf("%06X%02X", i, n)})
	}
	for n := range 2 + i%3 {
		f.Disks = append(f.Disks, machine.Disk{Name: fmt.Sprintf("nvme%dn1", n), Serial: fmt.Sprintf("S%06dN%d", i, n), Model: "MZQLB1T9HAJR", Bytes: 1920383410176, Transport: "nvme"})
	}
	for n := range 2 {
		f.NICs = append(f.NICs, machine.Port{Name: fmt.Sprintf("eth%d", n), MAC: MAC(i, n), Driver: "i40e", Link: true, Mbps: 25000})
	}
	return f
}

// seen is what was last seen of a machine. Its BMC answered just now, so that no
// appliance which starts on the fleet goes and asks it.
func seen(m *machine.Machine) machine.Observed {
	return machine.Observed{Power: "on", PowerAt: m.Since, BootAt: m.Since, BootAnswer: "disk", CallAt: m.Since, BMCAt: time.Now()}
}

// lives lead to each status.
var lives = map[machine.Status][]machine.Status{
	machine.Held:      {machine.Registered, machine.Held},
	machine.Available: {machine.Registered, machine.Available},
	machine.InUse:     {machine.Registered, machine.Available, machine.Allocated, machine.Installing, machine.Configuring, machine.InUse},
}

// Fill writes n machines into the database at a place, which it makes where
// there is none: a path, or a URL of PostgreSQL.
func Fill(ctx context.Context, place string, n int) (err error) {
	s, err := store.Open(ctx, place)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Update(ctx, func(tx *store.Tx) error { return putPlan(tx, n) }); err != nil {
		return err
	}
	const batch = 2000
	for first := 0; first < n; first += batch {
		err := s.Update(ctx, func(tx *store.Tx) error { return putMachines(tx, first, min(first+batch, n)) })
		if err != nil {
			return fmt.Errorf("machines from %d on: %w", first, err)
		}
	}
	return nil
}

func putPlan(tx *store.Tx, n int) error {
	var all []machine.Plan
	for _, site := range Sites {
		all = append(all, &machine.Site{Name: site})
		for _, role := range Roles {
			all = append(all, &machine.Pool{ID: site + role, Name: site + "-" + role, Site: site, Role: role})
		}
	}
	for _, r := range Roles {
		all = append(all, &machine.Role{Name: r})
	}
	for _, t := range teams {
		all = append(all, &machine.Team{Name: t})
	}
	for _, t := range types {
		all = append(all, &machine.HardwareType{Name: t, Vendor: "Dell*"})
	}
	for r := range (n + perRack - 1) / perRack {
		all = append(all, &machine.Rack{Name: rackName(r), Site: Sites[siteOf(r)], Units: 42})
	}
	for _, p := range all {
		if err := tx.PutPlan(store.PlanRow{Item: p, Version: 1}); err != nil {
			return err
		}
	}
	for site := range Sites {
		if err := tx.PutSubnet(subnet(site)); err != nil {
			return err
		}
	}
	return nil
}

func putMachines(tx *store.Tx, from, to int) error {
	counters, err := tx.Counters()
	if err != nil {
		return err
	}
	for i := from; i < to; i++ {
		m := Machine(i)
		if err := errors.Join(tx.PutMachine(m, nil), tx.PutFacts(m.ID, Facts(i)), tx.PutObserved(m.ID, seen(m))); err != nil {
			return err
		}
		was := machine.Unknown
		for _, next := range lives[m.Status] {
			counters.History++
			h := machine.History{ID: counters.History, Machine: m.ID, Name: m.Name, At: m.Since, From: was, To: next, Who: "fleet", Why: "made up"}
			if err := tx.AddHistory(h); err != nil {
				return err
			}
			was = next
		}
	}
	return tx.PutCounters(counters)
}
