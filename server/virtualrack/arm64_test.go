package virtualrack_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"firstlight/images/bootimage"
	"firstlight/images/embedded"
	"firstlight/server/machine"
	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/light"
)

// carries tells an appliance that a test starts for which architectures it has
// boot images, whatever make build made.
const carries = "RACK_BOOT_IMAGES"

// bootImages are those that were built, or those that carries names: each as
// much of one as a light machine fetches.
func bootImages() fs.FS {
	named := os.Getenv(carries)
	if named == "" {
		return embedded.FS()
	}
	files := fstest.MapFS{}
	for arch := range strings.SplitSeq(named, ",") {
		m := bootimage.Manifest{Version: "6.12.0-light", Architecture: arch}
		for _, name := range []string{bootimage.Kernel, bootimage.Initramfs} {
			data := []byte(arch + " " + name)
			sum := sha256.Sum256(data)
			m.Files = append(m.Files, bootimage.File{Name: name, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])})
			files[arch+"/"+name] = &fstest.MapFile{Data: data}
		}
		text, err := json.Marshal(m)
		if err != nil {
			panic(err) // a Manifest always can be
		}
		files[arch+"/"+bootimage.ManifestFile] = &fstest.MapFile{Data: text}
	}
	return files
}

// look asks the appliance as root of its host does, whatever the answer.
func look(t *testing.T, r *virtualrack.Rack, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://rack/api/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := web(r).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// saysSoon looks until an answer has every one of the words.
func saysSoon(t *testing.T, r *virtualrack.Rack, path string, words ...string) {
	t.Helper()
	var answer string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		missing := false
		_, answer = look(t, r, http.MethodGet, path, "")
		for _, w := range words {
			missing = missing || !strings.Contains(answer, w)
		}
		if !missing {
			return
		}
	}
	t.Errorf("GET %s lacks one of %q: %s", path, words, answer)
}

// An arm64 machine in front of an appliance that carries no boot image for it is
// given no other one: it waits, and script, timeline and diagnosis say what is
// missing, while its neighbour goes on.
func TestAnARM64MachineWithoutABootImageWaits(t *testing.T) {
	t.Setenv(carries, "amd64")
	r := start(t, virtualrack.Spec{Light: 2, ARM64: 1, Rules: []machine.Rule{{Name: "all", Accept: true, Site: "rack", Role: "light"}}})
	arm := r.Machines()[1]
	powerOn(t, r.Machines())
	await(t, r, time.Minute, map[machine.Status]int{machine.Available: 1})
	const missing = `no boot image for arm64 in this appliance. Build it with: make build ARCHES=\"amd64 arm64\"`
	saysSoon(t, r, "/strangers", arm.MAC.String(), "Decided wait: "+missing)
	saysSoon(t, r, "/machines/"+arm.MAC.String()+"/boot", `"fault":"no-boot-image"`, `"target":"wait"`, missing)
	if _, rows := look(t, r, http.MethodGet, "/strangers", ""); strings.Contains(rows, bootimage.Kernel) {
		t.Errorf("it was given a kernel: %s", rows)
	}
	await(t, r, time.Minute, map[machine.Status]int{machine.Available: 1, machine.Registered: 0, machine.Held: 0})
	if n := arm.LightDisk().Written(); n != 0 {
		t.Errorf("%d bytes were written to its disk, want none", n)
	}
}

// An image for amd64 never gets onto an arm64 machine: a rule that would install
// it holds the machine, an order is refused, and both say why.
func TestAnARM64MachineIsNotInstalledWithAnotherSystem(t *testing.T) {
	t.Setenv(carries, "amd64,arm64")
	r := start(t, virtualrack.Spec{Light: 2, ARM64: 2, Rules: []machine.Rule{
		{Name: "web", Match: "serial=LT0001", Accept: true, Site: "rack", Role: "web", Image: light.ImageName},
		{Name: "spare", Accept: true, Site: "rack", Role: "spare"},
	}})
	powerOn(t, r.Machines())
	await(t, r, time.Minute, map[machine.Status]int{machine.Held: 1, machine.Available: 1})
	const why = "image light-1 is for amd64 and the machine is arm64"
	saysSoon(t, r, "/machines/LT0001", `"status":"held"`, "wrong-image", "rule web does not suit it: "+why, "have the rule match arch too")
	saysSoon(t, r, "/machines/LT0001/timeline", "rule web does not suit it: "+why)
	status, answer := look(t, r, http.MethodPost, "/jobs", `{"action": "install", "target": "hardwarename=LT0002", "params": {"image": "light-1", "role": "web"}}`)
	if status != http.StatusConflict || !strings.Contains(answer, "machine LT0002: "+why+": choose an image for arm64") {
		t.Errorf("the order of an install is answered %d %s", status, answer)
	}
	for _, m := range r.Machines() {
		if n := m.LightDisk().Written(); n != 0 {
			t.Errorf("%d bytes were written to the disk of %s, want none", n, m.Name)
		}
	}
}
