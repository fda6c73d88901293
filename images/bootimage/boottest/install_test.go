package boottest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/images/bootimage"
	"firstlight/ipxe"
	"firstlight/ipxe/script"

	"github.com/klauspost/compress/zstd"
)

const diskSize = 256 << 20

// TestMachinesInstallThemselvesAndBootTheirDisk takes machines from a blank disk
// to what was written there, with the real agent and an image just large enough
// to say so.
func TestMachinesInstallThemselvesAndBootTheirDisk(t *testing.T) {
	needs(t)
	image := buildImage(t, "firstlight/cmd/firstlight-agent")
	raw := tinyImage(t)
	for _, test := range []struct {
		name string
		uefi bool
	}{{"a BIOS machine", false}, {"a UEFI machine", true}} {
		t.Run(test.name, func(t *testing.T) {
			d := doorFor(t, raw)
			a := serve(t, image, installScript)
			d.routes(a.mux)
			m := machine{uefi: test.uefi, bootfile: a.base + "/first", disk: sparse(t, diskSize), vars: variables(t), resets: true}
			if test.uefi {
				m.bootfile, m.tftp = ipxe.SNPOnlyEFI, tftpFolder(t, a)
			}
			m.boot(t, "█", "Installed; restarts into its system.", "leaves to=reboot")
			d.check(t)
			fromDisk := machine{uefi: test.uefi, disk: m.disk, vars: m.vars, noNetwork: true}
			if test.uefi {
				fromDisk.boot(t, `starting Boot0`, `"Firstlight" from HD(`, diskSays)
			} else {
				fromDisk.boot(t, diskSays)
			}
		})
	}
}

func installScript(w io.Writer, base string) error {
	return script.Agent(w, script.IPXE, script.AgentValues{
		Base: base, Machine: "ams1-web-7", Reason: "install", Architecture: "amd64",
		Args: append(bootimage.KernelArgs("amd64"), "firstlight.server="+base, "firstlight.token=t", "firstlight.name=ams1-web-7"),
	})
}

// doorFor makes a door whose plan is to write raw. Its first stream breaks off
// in the middle, as that of an appliance that was killed.
func doorFor(t *testing.T, raw []byte) *door {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed := z.EncodeAll(raw, nil)
	sum, packedSum := sha256.Sum256(raw), sha256.Sum256(packed)
	d := &door{done: make(chan report.Result, 9), plan: report.Plan{
		Disk: report.Target{Serial: diskSerial, Bytes: diskSize},
		Image: report.Image{
			Name: "test", Path: "/boot/images/test", Bytes: int64(len(raw)), Compressed: int64(len(packed)),
			SHA256: hex.EncodeToString(sum[:]), CompressedSHA256: hex.EncodeToString(packedSum[:]),
		},
		Host: "ams1-web-7", Seed: map[string]string{"meta-data": "instance-id: 1\n", "user-data": "#cloud-config\n"},
	}}
	d.image = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"`+d.plan.Image.CompressedSHA256+`"`)
		if r.Header.Get("Range") == "" {
			w = &cut{ResponseWriter: w, left: len(packed) / 2}
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(packed))
	}
	return d
}

// cut drops the connection after some bytes.
type cut struct {
	http.ResponseWriter
	left int
}

func (c *cut) Write(b []byte) (int, error) {
	if len(b) > c.left {
		panic(http.ErrAbortHandler)
	}
	c.left -= len(b)
	return c.ResponseWriter.Write(b)
}

func sparse(t *testing.T, size int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.raw")
	write(t, path, nil)
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	return path
}
