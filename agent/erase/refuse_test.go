package erase

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"firstlight/agent/appliance"
	"firstlight/agent/report"

	"pgregory.net/rapid"
)

const size = 6 << 20

func TestNothingIsWrittenUnlessAllDisksAreThere(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(g *rig)
		says   string
	}{
		{"the token was redeemed before", func(g *rig) { g.redeem = &appliance.Refusal{Status: 401, Message: "redeemed before"} }, "redeemed before"},
		{"the plan names no disk", func(g *rig) { g.plan.Disks = nil }, "the plan names no disk"},
		{"the plan names a disk twice", func(g *rig) { g.plan.Disks[1] = g.plan.Disks[0] }, `names the disk "S0" twice`},
		{"the plan's weakest way is unknown", func(g *rig) { g.plan.Weakest = "hammer" }, `weakest way is "hammer": want one of sanitize-crypto`},
		{"one disk is missing", func(g *rig) { g.plan.Disks[1].Serial = "S9" }, `no disk has the serial "S9"`},
		{"one disk is of another size", func(g *rig) { g.plan.Disks[1].Bytes++ }, `no disk has the serial "S1" and 6291457 bytes`},
		{"one disk has no serial", func(g *rig) { g.plan.Disks[1].Serial, g.disks[1].Serial = "", "" }, `no disk has the serial ""`},
		{"one disk is there twice", func(g *rig) { g.disks[2].Serial = "S1" }, `2 disks have the serial "S1"`},
		{"one disk is mounted", func(g *rig) { g.busy = "vdb" }, "open vdb (S1) for writing: device or resource busy"},
		{"one disk is shorter than it said", func(g *rig) { g.have["vdb"].size-- }, "vdb has 6291455 bytes now that it is open"},
		{"the disks change their names meanwhile", func(g *rig) { g.swaps = true }, `the disk "S0" was vda, and is vdb now that it is open`},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(newDisk(size), newDisk(size), newDisk(size))
			g.plan.Disks = g.plan.Disks[:2]
			test.change(g)
			erased, err := g.erase(t)
			if err == nil || !strings.Contains(err.Error(), test.says) || len(erased) > 0 {
				t.Errorf("Erase = %+v, %v; want an error that says %q", erased, err, test.says)
			}
			for name, d := range g.have {
				if d.writes > 0 || !bytes.Equal(d.data, planted[:size]) {
					t.Errorf("%s was written %d times", name, d.writes)
				}
			}
		})
	}
}

// Whatever the machine has and the plan names: no other disk is opened, and no
// other disk changes.
func TestADiskThatIsNotInThePlanIsNeverOpened(t *testing.T) {
	const small = 1 << 20
	rapid.Check(t, func(t *rapid.T) {
		g := newRig()
		serials, sizes := []string{"A", "B", "C", ""}, []int64{small, small + 4096}
		targets := map[string]report.Target{}
		for i := range rapid.IntRange(1, 5).Draw(t, "disks") {
			name := "vd" + string(rune('a'+i))
			d := newDisk(rapid.SampledFrom(sizes).Draw(t, "size"))
			g.add(name, rapid.SampledFrom(serials).Draw(t, "serial"), "virtio", d, rapid.Bool().Draw(t, "planned"))
			targets[name] = report.Target{Serial: g.disks[i].Serial, Bytes: uint64(len(d.data))}
		}
		if rapid.Bool().Draw(t, "one more") {
			g.plan.Disks = append(g.plan.Disks, report.Target{Serial: rapid.SampledFrom(serials).Draw(t, "other"), Bytes: small})
		}
		erased, _, err := g.eraser().Erase(t.Context(), order, quiet)
		for _, name := range g.opens {
			if !slices.Contains(g.plan.Disks, targets[name]) {
				t.Errorf("%s (%+v) was opened, and the plan is %+v", name, targets[name], g.plan.Disks)
			}
		}
		for name, d := range g.have {
			blank := bytes.Equal(d.data, make([]byte, len(d.data)))
			switch same := bytes.Equal(d.data, planted[:len(d.data)]); {
			case err != nil && (len(erased) > 0 || !same || d.writes > 0):
				t.Errorf("%s changed, and the erase says %v", name, err)
			case err == nil && slices.Contains(g.plan.Disks, targets[name]) != blank:
				t.Errorf("%s (%+v): blank is %v with the plan %+v", name, targets[name], blank, g.plan.Disks)
			case !same && !blank:
				t.Errorf("%s was half erased", name)
			}
		}
	})
}
