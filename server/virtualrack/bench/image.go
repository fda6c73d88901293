package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/qemu"
)

const (
	imageBound = 5 * time.Minute
	// reportAim is how soon after its kernel's start a machine is to be known.
	reportAim = 5.0
)

// published are what others say of their images for discovery, in MB: HookOS in
// tinkerbell/hook#225, Sledgehammer in Digital Rebar's notes on scaling, FDI
// (Foreman Discovery Image) in its README. They were not run here.
var published = []struct {
	name           string
	wire, unpacked float64 // 0: it says nothing of it
}{
	{"HookOS", 180, 900},
	{"Sledgehammer", 200, 0},
	{"FDI", 150, 0},
}

var imageWork = work{
	name: "image", unit: "MB, or s",
	method: "kernel and initramfs of amd64 as the appliance sends them, and the initramfs unpacked; what is theirs was published by them and not run here; then a QEMU machine of one emulated core and 1 GB, by BIOS, with an NVMe disk, from its kernel's start until its report is made; theirs is the aim",
	alone:  imageRows,
}

func imageRows(ctx context.Context, o Options) (err error) {
	ctx, cancel := context.WithTimeout(ctx, imageBound)
	defer cancel()
	rack, err := virtualrack.Start(ctx, virtualrack.Spec{
		Dir: o.Dir, Program: o.Program, Level: slog.LevelWarn,
		Machines: []virtualrack.MachineSpec{{Firmware: qemu.BIOS, Disk: qemu.NVMe, CPUs: 1, MemoryMB: 1024}},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rack.Close()) }()
	if err := sizeRows(ctx, o, rack); err != nil {
		return fmt.Errorf("measure the boot image: %w", err)
	}
	took, err := firstReport(ctx, rack)
	if err != nil {
		return fmt.Errorf("boot a machine: %w", err)
	}
	fmt.Fprintf(o.Out, "image\tkernel start to report, s\t%.1f\t%.1f\t%.2f\n", reportAim, took, reportAim/took)
	return nil
}

func sizeRows(ctx context.Context, o Options, rack *virtualrack.Rack) error {
	if _, err := rack.Join(); err != nil {
		return err
	}
	base := "http://" + rack.Address().String() + "/boot/amd64/"
	kernel, err := fetch(ctx, http.DefaultClient, base+"vmlinuz")
	if err != nil {
		return err
	}
	archive, err := fetch(ctx, http.DefaultClient, base+"initramfs")
	if err != nil {
		return err
	}
	unpacked, err := unpackedBytes(archive)
	if err != nil {
		return err
	}
	wire, memory := float64(len(kernel)+len(archive))/1e6, float64(unpacked)/1e6
	for _, p := range published {
		fmt.Fprintf(o.Out, "image\ton the wire, %s (published), MB\t%.0f\t%.1f\t%.2f\n", p.name, p.wire, wire, p.wire/wire)
		if p.unpacked > 0 {
			fmt.Fprintf(o.Out, "image\tunpacked, %s (published), MB\t%.0f\t%.1f\t%.2f\n", p.name, p.unpacked, memory, p.unpacked/memory)
		}
	}
	return nil
}

func unpackedBytes(archives []byte) (int64, error) {
	z, err := zstd.NewReader(bytes.NewReader(archives)) // reads archive after archive
	if err != nil {
		return 0, err
	}
	defer z.Close()
	return io.Copy(io.Discard, z)
}

// firstReport boots the rack's machine, which nobody knows, and answers how many
// seconds its kernel ran when it had its report: its own word, which no clock of
// ours and no loader has a part in.
func firstReport(ctx context.Context, rack *virtualrack.Rack) (float64, error) {
	m := rack.Machines()[0]
	if err := m.PowerOn(ctx); err != nil {
		return 0, err
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("%s did not report; its console ends in %q: %w", m.Name, m.ConsoleTail(3), ctx.Err())
		case <-tick.C:
		}
		// Until it reports, the appliance does not know it: an error is no news.
		text, err := rack.CLI(ctx, "machine", "timeline", m.Name, "--limit", "0", "-o", "json")
		if err != nil {
			continue
		}
		if took, ok, err := reportedAfter(text); ok || err != nil {
			return took, err
		}
	}
}

// reportedAfter finds the oldest report in a timeline: when it was begun, and how
// long it took to collect.
func reportedAfter(timeline string) (seconds float64, ok bool, err error) {
	var rows struct {
		Items []struct {
			At              time.Time `json:"at"`
			Text            string    `json:"text"`
			DurationSeconds float64   `json:"duration_seconds"`
		} `json:"items"`
	}
	if err := json.Unmarshal([]byte(timeline), &rows); err != nil {
		return 0, false, err
	}
	var first time.Time
	for _, row := range rows.Items {
		text, found := strings.CutPrefix(row.Text, "Reported ")
		if !found || ok && row.At.After(first) {
			continue
		}
		text, _, _ = strings.Cut(text, " s after kernel start")
		uptime, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0, false, fmt.Errorf("row %q of the timeline: %w", row.Text, err)
		}
		first, seconds, ok = row.At, uptime+row.DurationSeconds, true
	}
	return seconds, ok, nil
}
