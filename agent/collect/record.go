package collect

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"firstlight/agent/report"
)

// Record writes everything that Collect reads of a machine as text, one line for
// each file, link, directory or answer: "file NAME QUOTED", "link NAME TARGET", "dir
// NAME", "answer WHO/COMMAND ok:HEX", whose zeros at the end are left out; a refusal
// is "status:HEX" of NVMe and "sense:HEX" of SCSI. A report of odd hardware ends as
// such a file under testdata; a blank in a name is "\x20". It has serial numbers, addresses and the host's name,
// unless they are scrubbed, and nothing from any disk but its health and what udev
// knows of it.
func Record(root fs.FS, live Live, scrub bool, w io.Writer) error {
	r := &recorder{root: root, seen: map[string]string{}}
	m := Machine{Root: r, OS: true, Contents: forbidden, Door: r.door(live), BMC: r.bmc(live.BMC)}
	if told := m.Collect(); scrub {
		r.secrets = secrets(told)
		clear(r.seen)
		m.Collect()
	}
	for _, name := range slices.Sorted(maps.Keys(r.seen)) {
		if _, err := fmt.Fprintln(w, r.seen[name]); err != nil {
			return fmt.Errorf("write recording: %w", err)
		}
	}
	return nil
}

// blank stands for one in a name, as enclosures call their slots.
const blank = `\x20`

// forbidden has a collector read what a user without power may.
func forbidden(string, uint64) ([]report.Content, error) { return nil, fs.ErrPermission }

// recorder notes what is read through it, under the names that remain when
// all links on the way are followed, as sysfs is mostly links.
type recorder struct {
	root fs.FS
	mu   sync.Mutex
	seen map[string]string // line by name

	secrets []secret // to be hidden
}

// Open implements fs.FS. A file is read whole at once; one that fails to read
// is as good as none, which is how sysfs says "not now".
func (r *recorder) Open(name string) (fs.File, error) {
	f, err := r.root.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		r.note(r.real(name), "dir", "")
		return f, nil
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	r.note(r.real(name), "file", strconv.Quote(string(r.hide(b))))
	return recordedFile{bytes.NewReader(b), info}, nil
}

type recordedFile struct {
	*bytes.Reader
	info fs.FileInfo
}

func (f recordedFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f recordedFile) Close() error               { return nil }

// ReadLink implements fs.ReadLinkFS.
func (r *recorder) ReadLink(name string) (string, error) {
	target, err := fs.ReadLink(r.root, name)
	if err == nil {
		r.note(r.real(path.Dir(name))+"/"+path.Base(name), "link", target)
	}
	return target, err
}

// Lstat implements fs.ReadLinkFS.
func (r *recorder) Lstat(name string) (fs.FileInfo, error) { return fs.Lstat(r.root, name) }

// real follows every link in name and notes each of them.
func (r *recorder) real(name string) string {
	done := "."
	for rest := strings.Split(name, "/"); len(rest) > 0; {
		at := path.Join(done, rest[0])
		rest = rest[1:]
		target, err := fs.ReadLink(r.root, at)
		if err != nil || path.IsAbs(target) {
			done = at
			continue
		}
		r.note(at, "link", target)
		rest = append(strings.Split(target, "/"), rest...)
	}
	return done
}

func (r *recorder) note(name, kind, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if name = string(r.hide([]byte(name))); kind == "link" {
		value = string(r.hide([]byte(value)))
	}
	if _, ok := r.seen[name]; !ok {
		r.seen[name] = strings.TrimRight(kind+" "+strings.ReplaceAll(name, " ", blank)+" "+value, " ")
	}
}
