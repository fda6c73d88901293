package pgtest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// User is the superuser. Through the port, Password is asked for.
const (
	User     = "postgres"
	Password = "password of a test's server"
)

// patience bounds every wait for a server.
const patience = 30 * time.Second

// Server is one that runs, or that was stopped to be started again.
type Server struct {
	bin   string
	dir   string // data in data, the socket beside it
	port  int
	as    *syscall.Credential // nil: we are not root
	cmd   *exec.Cmd
	ended chan struct{}
}

// Port is the one on loopback.
func (s *Server) Port() int { return s.port }

// start makes a cluster and runs it.
func start(bin string) (*Server, error) {
	dir, err := os.MkdirTemp(home(), "firstlight-pg")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir}
	if err := s.init(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.Start(); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

// home is memory where there is enough of it, or else a disk. Both names are
// short, as a socket's path must be.
func home() string {
	const enough = 2 << 30 // bytes: a database of every test, and the log
	var memory syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &memory); err != nil || memory.Bavail*uint64(memory.Bsize) < enough { //nolint:gosec // a block's size is not negative
		return "/tmp"
	}
	return "/dev/shm"
}

func (s *Server) init() error {
	if err := s.becomePostgres(); err != nil {
		return err
	}
	passwords := filepath.Join(s.dir, "password")
	if err := os.WriteFile(passwords, []byte(Password+"\n"), 0o644); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	s.port = port
	initdb := s.command("initdb", "--pgdata="+s.data(), "--username="+User, "--encoding=UTF8", "--locale=C",
		"--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile="+passwords, "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// becomePostgres hands the folder to Debian's user when we are root, which
// PostgreSQL refuses to run as.
func (s *Server) becomePostgres() error {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return err
	}
	uid, errUID := strconv.Atoi(u.Uid)
	gid, errGID := strconv.Atoi(u.Gid)
	s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return errors.Join(errUID, errGID, os.Chown(s.dir, uid, gid), os.Chmod(s.dir, 0o755))
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, program), args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	return cmd
}

// Start runs the server and waits until it answers.
func (s *Server) Start() error {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd = s.command("postgres", "-D", s.data(), "-k", s.dir, "-h", "127.0.0.1", "-p", fmt.Sprint(s.port),
		"-c", "shared_buffers=32MB", "-c", "max_connections=60", "-c", "max_wal_size=256MB")
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT // whatever becomes of the tests
	s.cmd.SysProcAttr.Setpgid = true              // Ctrl-C is for the tests
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func() {
		_ = s.cmd.Wait() // how it ended stands in its log
		close(s.ended)
	}()
	return s.answers()
}

func (s *Server) answers() error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if s.command("pg_isready", "-q", "-h", s.dir, "-p", fmt.Sprint(s.port)).Run() == nil {
			return nil
		}
		select {
		case <-s.ended:
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("PostgreSQL ended by itself:\n%s", log)
		case <-again.C:
		}
	}
	return fmt.Errorf("PostgreSQL does not answer within %s", patience)
}

// Stop ends the server as a crash does: connections break at once, and what was
// not committed is gone.
func (s *Server) Stop() error { return s.signal(syscall.SIGQUIT) }

func (s *Server) signal(how syscall.Signal) error {
	if s.ended == nil {
		return nil
	}
	_ = s.cmd.Process.Signal(how) // it may have ended
	select {
	case <-s.ended:
		return nil
	case <-time.After(patience):
		return errors.Join(fmt.Errorf("PostgreSQL does not end within %s", patience), s.cmd.Process.Kill())
	}
}

// remove ends the server and leaves nothing of it.
func (s *Server) remove() error {
	return errors.Join(s.signal(syscall.SIGQUIT), os.RemoveAll(s.dir))
}

func freePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
