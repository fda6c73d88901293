package install

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"firstlight/agent/gpt"
	"firstlight/agent/report"

	"github.com/google/go-cmp/cmp"
)

func TestAnInstalledDiskIsTheImageAtTheSizeOfTheDisk(t *testing.T) {
	raw := rawImage(t)
	i, a, d := setup(t, raw)
	var steps []string
	step, err := i.Install(t.Context(), order, func(p report.Progress) {
		if len(steps) == 0 || steps[len(steps)-1] != p.Step {
			steps = append(steps, p.Step)
		}
	})
	if err != nil || step != report.StepBoot {
		t.Fatalf("Install = %s, %v; want %s, no error", step, err, report.StepBoot)
	}
	want := []string{report.StepRedeem, report.StepWrite, report.StepVerify, report.StepGrow, report.StepSeed, report.StepBoot}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("steps differ (-want +got):\n%s", diff)
	}
	if !bytes.Equal(d.data[:440], raw[:440]) {
		t.Error("the boot code is not the image's")
	}
	if !bytes.Equal(d.data[10<<20:14<<20], raw[10<<20:14<<20]) {
		t.Error("the root partition is not the image's")
	}
	if !d.ended {
		t.Error("the disk was not closed")
	}
	checkWithTools(t, d.data, a.plan.Seed)
}

// checkWithTools has tools that are not ours look at a disk.
func checkWithTools(t *testing.T, data []byte, seed map[string]string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := tool(t, "sfdisk", "--verify", path); !strings.Contains(out, "No errors detected") {
		t.Errorf("sfdisk --verify says:\n%s", out)
	}
	for name, want := range seed {
		if got := tool(t, "mtype", "-i", path+"@@5M", "::/"+name); got != want {
			t.Errorf("the seed's %s = %q, want %q", name, got, want)
		}
	}
	for _, backup := range []bool{false, true} {
		table, err := gpt.Read(bytes.NewReader(data), int64(len(data)))
		if err != nil || table.Backup != backup {
			t.Fatalf("gpt.Read = %+v, %v; want the table, from the backup: %v", table, err, backup)
		}
		if last := table.Parts[2]; last.Start+last.Size != int64(len(data))-1<<20 {
			t.Errorf("the last partition ends at byte %d, want the disk's last whole MiB", last.Start+last.Size)
		}
		data = bytes.Clone(data)
		clear(data[512:1024]) // the second round looks at the backup
	}
}

func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func TestADiskOfTheImagesOwnSizeIsProvenBeforeItsLastSectorIsWritten(t *testing.T) {
	raw := rawImage(t)
	i, a, d := setup(t, raw)
	d.data = d.data[:imageBytes]
	a.plan.Disk.Bytes = imageBytes
	i.Disks = func() []report.Disk { return []report.Disk{{Name: "sdb", Serial: serial, Bytes: imageBytes}} }
	a.plan.Image.CompressedSHA256 = strings.Repeat("0", 64)
	if step, err := i.Install(t.Context(), order, quiet); err == nil || step != report.StepWrite {
		t.Fatalf("Install = %s, %v; want an error in %s", step, err, report.StepWrite)
	}
	if d.canStart() {
		t.Error("the disk has a partition table, and the hash did not agree")
	}
}

func TestTheRawHashIsCheckedWhereThereIsNoOther(t *testing.T) {
	raw := rawImage(t)
	i, a, _ := setup(t, raw)
	a.plan.Image.CompressedSHA256 = ""
	if _, err := i.Install(t.Context(), order, quiet); err != nil {
		t.Fatal(err)
	}
	i, a, d := setup(t, raw)
	a.plan.Image.CompressedSHA256, a.plan.Image.SHA256 = "", strings.Repeat("0", 64)
	if _, err := i.Install(t.Context(), order, quiet); err == nil || d.canStart() {
		t.Errorf("Install = %v, and the disk can start: %v; want an error and no", err, d.canStart())
	}
}

func TestEveryWriteThatFailsLeavesADiskThatCannotStart(t *testing.T) {
	raw := rawImage(t)
	i, _, good := setup(t, raw)
	if _, err := i.Install(t.Context(), order, quiet); err != nil {
		t.Fatal(err)
	}
	const ends = 3 // writes and syncs of the commit, after everything was proven
	fails := func(what string, at, of int, change func(*fakeDisk)) {
		i, _, d := setup(t, raw)
		change(d)
		if step, err := i.Install(t.Context(), order, quiet); err == nil {
			t.Errorf("%s %d of %d failed, and Install = %s without an error", what, at, of, step)
		}
		switch {
		case at == 1: // nothing of the disk was changed for sure
		case at <= of-ends && d.canStart():
			t.Errorf("%s %d of %d failed, and the disk can start", what, at, of)
		case at < of && !zeros(d.data[:512]):
			t.Errorf("%s %d of %d failed, and the first sector was written", what, at, of)
		}
	}
	for at := 1; at <= good.writes; at++ {
		fails("EIO at write", at, good.writes, func(d *fakeDisk) { d.failAt = at })
		fails("short write", at, good.writes, func(d *fakeDisk) { d.failAt, d.short = at, true })
	}
	for at := 1; at <= good.syncs; at++ {
		fails("sync", at, good.syncs, func(d *fakeDisk) { d.sick = at })
	}
}

func TestAnInstallThatIsCancelledLeavesADiskThatCannotStart(t *testing.T) {
	i, a, d := setup(t, rawImage(t))
	ctx, cancel := context.WithCancel(t.Context())
	a.stream = func(int64) (io.Reader, error) {
		return io.MultiReader(bytes.NewReader(a.packed[:len(a.packed)/2]), readerFunc(func([]byte) (int, error) {
			cancel()
			return 0, io.ErrUnexpectedEOF
		})), nil
	}
	if step, err := i.Install(ctx, order, quiet); err == nil || step != report.StepWrite {
		t.Errorf("Install = %s, %v; want an error in %s", step, err, report.StepWrite)
	}
	if d.canStart() {
		t.Error("the disk can start")
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
