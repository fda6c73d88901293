package virtualrack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"firstlight/server/oob"
	"firstlight/server/oob/bmcsim"
	"firstlight/server/virtualrack/light"
	"firstlight/server/virtualrack/qemu"
)

// rackFull puts the QEMU machines into their units, off.
func (r *Rack) rackFull(context.Context) error {
	for i, spec := range r.spec.Machines {
		id := fullIdentity(i + 1)
		tap := fmt.Sprintf("tap%d", i+1)
		if err := r.network.Tap(tap); err != nil {
			return err
		}
		if err := r.announce(tap, i); err != nil {
			return err
		}
		m, err := qemu.New(qemu.Spec{
			Name: id.serial, Serial: id.serial, UUID: id.uuid, Vendor: vendor, Product: ProductFull,
			Firmware: spec.Firmware, MAC: id.mac, Card: spec.Card, Tap: tap, BMC: id.bmc,
			Disk: qemu.Disk{Kind: spec.Disk, Serial: id.serial + "-D1", Bytes: spec.DiskBytes}, MemoryMB: spec.MemoryMB, CPUs: spec.CPUs, Clock: spec.Clock,
			IPv6: r.spec.IPv6, InBand: spec.InBand,
		}, r.path("machines/"+id.serial), r.spec.Log)
		if err != nil {
			return err
		}
		one, err := r.add(id, m)
		if err != nil {
			return err
		}
		one.qemu, one.Switch, one.Port = m, switchName, portName(i)
		m.AskAtReset(one.BMC.TakeNextBoot)
	}
	return nil
}

// lightDisk is the size of a light machine's disk.
const lightDisk = 64 << 20

// rackLight does so with the light ones. Every second would start by UEFI.
func (r *Rack) rackLight(context.Context) error {
	for i := range r.spec.Light {
		id := lightIdentity(i + 1)
		record, err := r.record(id.serial)
		if err != nil {
			return err
		}
		arm := i >= r.spec.Light-r.spec.ARM64
		m := light.New(light.Spec{
			Serial: id.serial, UUID: id.uuid, Twin: light.Twin{UUID: lightIdentity(1).uuid, Serial: lightIdentity(1).serial}, Vendor: vendor, Product: ProductLight,
			Switch: lightSwitch, Port: portName(i), WrongPort: portName(maxEach + i),
			UEFI: arm || i%2 == 1, ARM64: arm, MAC: id.mac, BMC: id.bmc, DiskBytes: lightDisk, Whole: r.spec.Whole,
		}, r.wire, record, r.spec.Log)
		one, err := r.add(id, m)
		if err != nil {
			return err
		}
		one.light, one.Switch, one.Port = m, lightSwitch, portName(i)
		m.AskAtReset(one.BMC.TakeNextBoot)
	}
	return nil
}

// record opens the file of a light machine's console.
func (r *Rack) record(name string) (*os.File, error) {
	dir := r.path("machines/" + name)
	err := os.MkdirAll(dir, 0o755)
	if err != nil {
		return nil, fmt.Errorf("record the console of machine %s: %w", name, err)
	}
	f, err := os.Create(filepath.Join(dir, "console.log"))
	if err != nil {
		return nil, fmt.Errorf("record the console of machine %s: %w", name, err)
	}
	r.records = append(r.records, f)
	return f, nil
}

// add gives a machine its BMC. Both properties that BMCs have for the identify
// light are in the rack, in turn.
func (r *Rack) add(id identity, h hands) (*Machine, error) {
	profile := bmcsim.Generic()
	if len(r.machines)%2 == 1 {
		profile.Light = bmcsim.LEDOfChassis
	}
	m := &Machine{
		Name: id.serial, Serial: id.serial, UUID: id.uuid, MAC: id.mac, BMCAddress: id.bmc, password: r.password, hands: h,
		BMC: bmcsim.New(h, bmcsim.Options{
			User: bmcUser, Password: r.password, MACs: []string{id.mac.String()}, Profile: profile,
			Indicate: func(i oob.Indicator) { r.spec.Log.Info("the identify light changed", "machine", id.serial, "light", i) },
		}),
	}
	r.machines = append(r.machines, m)
	return m, r.fleet.Add(id.bmc, m.BMC)
}
