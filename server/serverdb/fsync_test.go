package serverdb

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fsyncFile tells the child which database it writes to while strace looks on.
const fsyncFile = "FIRSTLIGHT_TEST_FSYNC_FILE"

// fsyncAcks is how many writes the child acknowledges.
func fsyncAcks() int64 {
	if os.Getenv("FIRSTLIGHT_LONG") != "" {
		return 10_000
	}
	return 500
}

// TestNothingIsAcknowledgedBeforeFsync is D-03: strace sees a child commit and
// say so. A kill could not tell (the kernel keeps what was not synced), the
// order of the system calls does.
func TestNothingIsAcknowledgedBeforeFsync(t *testing.T) {
	if path := os.Getenv(fsyncFile); path != "" {
		acknowledge(t, path)
		return
	}
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("SKIPPED: strace is not installed; nothing was tested")
	}
	calls := traced(t)
	seen := judge(t, calls, "")
	for _, early := range seen.early {
		t.Errorf("%s was acknowledged before it was durable", early)
	}
	if int64(seen.acks) != fsyncAcks() || seen.commits == 0 {
		t.Errorf("%d acknowledgements of %d commits were seen, want %d", seen.acks, seen.commits, fsyncAcks())
	}
	t.Logf("%d acknowledgements of %d commits, each after its fsync", seen.acks, seen.commits)
	// Were the log never synced, the same calls must say so.
	if blind := judge(t, calls, "sync("); len(blind.early) != blind.acks {
		t.Errorf("without the calls of fsync %d of %d acknowledgements are early: the test proves nothing", len(blind.early), blind.acks)
	}
}

// traced runs the child under strace and gives the file with its calls, one to a
// line, in the order in which they began.
func traced(t *testing.T) (calls string) {
	t.Helper()
	dir := t.TempDir() // on a disk, as the appliance's is
	calls = filepath.Join(dir, "calls")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, "strace", "-f", "-qq", "-y", "-x", "-s", "4096", "-e", "signal=none",
		"-e", "trace=write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync", "-o", calls,
		os.Args[0], "-test.run=^TestNothingIsAcknowledgedBeforeFsync$")
	child.Env = append(os.Environ(), fsyncFile+"="+filepath.Join(dir, "serverdb.sqlite"))
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return calls
}

// acknowledge commits from many sides, so that writes share commits, and says
// each one that was acknowledged.
func acknowledge(t *testing.T, path string) {
	d := open(t, path)
	var next atomic.Int64
	var g sync.WaitGroup
	for range 16 {
		g.Go(func() {
			for n := next.Add(1); n <= fsyncAcks(); n = next.Add(1) {
				target := fmt.Sprintf("<%05d>", n)
				if err := d.RecordAudit(t.Context(), Actor{Name: "child"}, "write", target, "", ""); err != nil {
					t.Error(err)
				}
				_, _ = fmt.Fprintf(os.Stdout, "done %s\n", target)
			}
		})
	}
	g.Wait()
}

// The calls that matter. A frame of the log is a header of 24 bytes and a page;
// the four bytes from the fifth on are not 0 in the last frame of a commit
// (sqlite.org/fileformat2.html#walformat). strace writes what is no text in hex.
var (
	ofLog    = regexp.MustCompile(`^p?write[v2-6]*\(\d+<[^>]*-wal>, `)
	frame    = regexp.MustCompile(`^pwrite64\(\d+<[^>]*-wal>, "([^"]*)", (24|4096), `)
	inside   = `\x00\x00\x00\x00`
	row      = regexp.MustCompile(`\\x3c((?:\\x3[0-9]){5})\\x3e`)
	logSync  = regexp.MustCompile(`^f(?:data)?sync\(\d+<[^>]*-wal>(?:\) += 0$| <unfinished)`)
	synced   = regexp.MustCompile(`^<\.\.\. f(?:data)?sync resumed>\) += 0$`)
	ack      = regexp.MustCompile(`^write\(1<[^>]*>, "done <([0-9]{5})>`)
	walStart = regexp.MustCompile(`^pwrite64\(\d+<[^>]*-wal>, "[^"]*", 32, 0[) ]`)
)

// order follows rows from the log's frames to their acknowledgement.
type order struct {
	commit  bool                // the frame whose page comes next ends a commit
	seen    map[string]bool     // rows that are in a frame
	open    []string            // of the commit that is being written
	whole   []string            // of commits whose last frame is written
	syncing map[string][]string // by thread: whole before its fsync began
	durable map[string]bool

	acks, commits int
	early         []string
}

// judge reads the calls, but those with a word in them.
func judge(t *testing.T, calls, without string) *order {
	t.Helper()
	file, err := os.Open(calls)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	o := &order{seen: map[string]bool{}, syncing: map[string][]string{}, durable: map[string]bool{}}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		thread, call, _ := strings.Cut(lines.Text(), " ")
		call = strings.TrimSpace(call)
		if without != "" && strings.Contains(call, without) {
			continue
		}
		if !o.follow(thread, call) {
			t.Fatalf("a write to the log that this test does not know: %.120s", call)
		}
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return o
}

// follow takes one call in, and tells whether it knows it.
func (o *order) follow(thread, call string) bool {
	switch {
	case walStart.MatchString(call):
	case ofLog.MatchString(call):
		f := frame.FindStringSubmatch(call)
		if f == nil {
			return false
		}
		o.write(f[1], f[2])
	case logSync.MatchString(call):
		o.syncing[thread], o.whole = o.whole, nil
		if !strings.HasSuffix(call, "<unfinished ...>") {
			o.sync(thread)
		}
	case synced.MatchString(call):
		o.sync(thread)
	default:
		if a := ack.FindStringSubmatch(call); a != nil {
			o.acks++
			if !o.durable[a[1]] {
				o.early = append(o.early, a[1])
			}
		}
	}
	return true
}

func (o *order) write(data, size string) {
	if size == "24" {
		o.commit = data[4*len(`\x00`):8*len(`\x00`)] != inside
		return
	}
	for _, r := range row.FindAllStringSubmatch(data, -1) {
		if n := strings.ReplaceAll(r[1], `\x3`, ""); !o.seen[n] { // a page comes again with each row that it gets
			o.seen[n] = true
			o.open = append(o.open, n)
		}
	}
	if o.commit {
		o.commits++
		o.whole, o.open = append(o.whole, o.open...), nil
	}
}

func (o *order) sync(thread string) {
	for _, n := range o.syncing[thread] {
		o.durable[n] = true
	}
	delete(o.syncing, thread)
}
