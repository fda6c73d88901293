package store_test

import (
	"context"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"firstlight/server/serverdb/store"
)

// fuseFolder tells the child where to mount a file system of its own.
const fuseFolder = "FIRSTLIGHT_TEST_FUSE"

// TestAFileSystemThatIsSomebodyElses opens a database on FUSE in a child with a
// mount namespace of its own. This process serves the file system: one that
// asked itself would stand still whenever its collector stops the world.
func TestAFileSystemThatIsSomebodyElses(t *testing.T) {
	if dir := os.Getenv(fuseFolder); dir != "" {
		openOnFUSE(t, dir)
		return
	}
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: a file system is mounted by root alone")
	}
	fd, err := syscall.Open("/dev/fuse", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	device := os.NewFile(uintptr(fd), "/dev/fuse")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	var served sync.WaitGroup
	served.Go(func() { emptyFolder(ctx, fd) })
	defer device.Close()
	defer served.Wait() // the child's end unmounts, which ends a read
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestAFileSystemThatIsSomebodyElses$", "-test.v")
	child.Env = append(os.Environ(), fuseFolder+"="+t.TempDir())
	child.ExtraFiles = []*os.File{device}
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("%v\n%s", err, out)
	}
}

func openOnFUSE(t *testing.T, dir string) {
	if err := syscall.Mount("", "/", "", syscall.MS_PRIVATE|syscall.MS_REC, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("test", dir, "fuse", 0, "fd=3,rootmode=40000,user_id=0,group_id=0"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "serverdb.sqlite")
	_, err := store.Open(t.Context(), path)
	if err == nil {
		t.Fatal("a database on FUSE was opened")
	}
	sentence(t, err, path, nil, "it lies on a FUSE file system, where neither locks nor fsync can be relied on; set state to a folder of a local disk")
}

// emptyFolder answers the kernel as a file system with nothing in it
// (include/uapi/linux/fuse.h): opcode and request number of a question are its
// bytes 4 and 8, an answer begins with its length, an error and that number.
func emptyFolder(ctx context.Context, device int) {
	question := make([]byte, 1<<17)
	for ctx.Err() == nil {
		if _, err := syscall.Read(device, question); err != nil {
			time.Sleep(time.Millisecond) // not mounted yet, or the question was withdrawn
			continue
		}
		var body []byte
		errno := syscall.Errno(0)
		switch opcode := binary.NativeEndian.Uint32(question[4:]); opcode {
		case 26: // FUSE_INIT: protocol 7.31
			body = binary.NativeEndian.AppendUint32(binary.NativeEndian.AppendUint32(nil, 7), 31)
			body = append(body, make([]byte, 56)...)
		case 3: // FUSE_GETATTR: a folder, see struct fuse_attr
			body = make([]byte, 104)
			binary.NativeEndian.PutUint32(body[16+60:], syscall.S_IFDIR|0o755)
		case 2, 36, 42: // FUSE_FORGET, FUSE_INTERRUPT, FUSE_BATCH_FORGET: nobody waits for an answer
			continue
		case 17: // FUSE_STATFS
			body = make([]byte, 80)
		default:
			errno = syscall.ENOSYS
		}
		answer := binary.NativeEndian.AppendUint32(nil, uint32(16+len(body)))
		answer = binary.NativeEndian.AppendUint32(answer, uint32(-int32(errno)))
		answer = append(answer, question[8:16]...)
		_, _ = syscall.Write(device, append(answer, body...)) // refused when nobody waits any more
	}
}
