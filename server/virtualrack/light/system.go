package light

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/diskfs/go-diskfs/filesystem/fat12"

	"firstlight/agent/gpt"
	"firstlight/agent/patience"
	"firstlight/agent/report"
)

// system is what an installed disk starts.
type system struct {
	instance string // of the seed: another one makes this a first boot again
	host     string
	home     string // where it calls home
}

var errNoSystem = errors.New("no bootable device")

// Places in the seed (cloud-init documentation, "NoCloud"). Values are JSON
// strings, which the installed system's YAML reader takes as they are.
var (
	instanceLine = regexp.MustCompile(`(?m)^instance-id: ("[^\n]*")$`)
	hostLine     = regexp.MustCompile(`(?m)^local-hostname: ("[^\n]*")$`)
	homeURL      = regexp.MustCompile(`https?://[^\s"\\']+/home/v1/[^\s"\\']+`)
)

// findSystem reads the disk as firmware and system would.
func (d *Disk) findSystem() (system, error) {
	t, err := gpt.Read(d, d.Size())
	if err != nil {
		return system{}, errNoSystem
	}
	for _, p := range t.Parts {
		if p.Name != seedName {
			continue
		}
		fat, err := fat12.Read(d.section(p.Start, p.Size), p.Size, 0, 512)
		if err != nil {
			return system{}, fmt.Errorf("read the seed: %w", err)
		}
		meta, err := fat.ReadFile("meta-data")
		if err != nil {
			return system{}, fmt.Errorf("read the seed: %w", err)
		}
		user, err := fat.ReadFile("user-data")
		if err != nil {
			return system{}, fmt.Errorf("read the seed: %w", err)
		}
		return system{instance: quoted(instanceLine, meta), host: quoted(hostLine, meta), home: string(homeURL.Find(user))}, nil
	}
	return system{}, errNoSystem
}

func quoted(pattern *regexp.Regexp, text []byte) string {
	m := pattern.FindSubmatch(text)
	if m == nil {
		return ""
	}
	s, err := strconv.Unquote(string(m[1]))
	if err != nil {
		return ""
	}
	return s
}

// runSystem is the installed system's life until the power goes.
func (m *Machine) runSystem(ctx context.Context, s system) error {
	l, release, err := m.address(ctx, systemProgram(s.host))
	if err != nil {
		return err
	}
	defer release()
	m.console.Printf("Debian GNU/Linux (light) %s ttyS0", s.host)
	m.console.Printf("%s login:", s.host)
	if s.home != "" && m.firstBoot(s.instance) {
		if err := m.callHome(ctx, l, s); err != nil {
			m.console.Printf("call home: %v", err)
			return err
		}
	}
	<-ctx.Done()
	return nil
}

// firstBoot tells whether this system has not run before, as cloud-init does.
func (m *Machine) firstBoot(instance string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := m.instance != instance
	m.instance = instance
	return first
}

const homeTries = 60

// callHome keeps calling, with the patience of the seed's own curl.
func (m *Machine) callHome(ctx context.Context, l lease, s system) error {
	web := newWeb(l.address)
	defer web.CloseIdleConnections()
	body, err := json.Marshal(report.Home{Hostname: s.host, BootID: m.bootID(), Kernel: kernelName})
	if err != nil {
		return err
	}
	for range homeTries {
		if err = post(ctx, web, s.home, body); err == nil {
			return nil
		}
		if err := patience.Wait(ctx, 2*time.Second); err != nil {
			return err
		}
	}
	return err
}

func post(ctx context.Context, web *http.Client, address string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := web.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("POST %s: %s", address, resp.Status)
	}
	return nil
}
