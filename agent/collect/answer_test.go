package collect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firstlight/agent/passthrough"
	"firstlight/agent/report"

	"github.com/google/go-cmp/cmp"
)

// answers are those of a recording, by who was asked and how.
type answers map[string]string

// live answers as the recorded machine did.
func (a answers) live() Live {
	if len(a) == 0 {
		return Live{}
	}
	l := Live{Door: func(disk string) (passthrough.Door, func(), error) {
		return replayed{said: a, disk: disk}, func() {}, nil
	}}
	if _, there := a[ipmiName(0x06, 0x01, nil)]; there {
		l.BMC = func(netfn, command byte, data ...byte) ([]byte, error) {
			_, b, err := a.find(ipmiName(netfn, command, data))
			return append(b, make([]byte, 16)...), err
		}
	}
	return l
}

var errNotRecorded = errors.New("no answer was recorded")

func (a answers) find(name string) (how string, b []byte, err error) {
	said, there := a[name]
	if !there {
		return "", nil, errNotRecorded
	}
	how, text, _ := strings.Cut(said, ":")
	if text != "" {
		_, err = fmt.Sscanf(text, "%x", &b)
	}
	return how, b, err
}

type replayed struct {
	passthrough.Door
	said answers
	disk string
}

func (d replayed) Admin(c passthrough.Admin, data []byte) error {
	how, b, err := d.said.find(adminName(d.disk, c))
	if how == "status" {
		return passthrough.Status(uint16(b[0])<<8 | uint16(b[1]))
	}
	copy(data, b)
	return err
}

func (d replayed) SCSI(c passthrough.SCSI, data []byte) error {
	how, b, err := d.said.find(scsiName(d.disk, c))
	if how == "sense" {
		return append(passthrough.Sense(b), make([]byte, 18-min(len(b), 18))...)
	}
	copy(data, b)
	return err
}

// TestRecordingAnswers records a machine that was made, whose report must be the same
// from what was recorded; scrubbed, it tells nothing of who it is.
func TestRecordingAnswers(t *testing.T) {
	for name := range synthetic {
		t.Run(name, func(t *testing.T) {
			root, live := loadLive(t, "testdata/"+name+".machine")
			want := again(t, root, live, false)
			if diff := cmp.Diff(original(root, live), want); diff != "" {
				t.Errorf("the recording's report differs (-machine +recording):\n%s", diff)
			}
			scrubbed := again(t, root, live, true)
			a, _ := json.Marshal(want)
			b, _ := json.Marshal(scrubbed)
			for _, s := range secrets(want) {
				if len(s.own) >= 8 && bytes.Contains(b, s.own) {
					t.Errorf("%q is in the scrubbed report", s.own)
				}
			}
			if len(a) != len(b) {
				t.Errorf("the scrubbed report has %d bytes, the machine's %d:\n%s", len(b), len(a), cmp.Diff(want, scrubbed))
			}
		})
	}
}

func original(root fs.FS, live Live) report.Report {
	r := &recorder{seen: map[string]string{}}
	return Machine{Root: root, OS: true, Contents: forbidden, Door: r.door(live), BMC: r.bmc(live.BMC)}.Collect()
}

// again is the report of a machine from its recording.
func again(t *testing.T, root fs.FS, live Live, scrub bool) report.Report {
	t.Helper()
	var b bytes.Buffer
	if err := Record(root, live, scrub, &b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "again.machine")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	files, answers := loadLive(t, path)
	return original(files, answers)
}
