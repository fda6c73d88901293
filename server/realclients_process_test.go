package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"firstlight/images/bootimage/bootimagetest"
	"firstlight/ipxe"
	"firstlight/server"
	"firstlight/server/config"
	"firstlight/server/machine"
	"firstlight/server/virtualrack/netns/netnstest"
)

// These tell a second run of this test binary to be an appliance, and as whom.
const (
	servesConfig = "FIRSTLIGHT_SERVER_TEST_CONFIG"
	servesAs     = "FIRSTLIGHT_SERVER_TEST_UID"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(servesConfig); path != "" {
		if err := serveForever(path); err != nil {
			fmt.Println("refused:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// serveForever is what firstlight serve does, less flags and signals.
func serveForever(path string) error {
	if uid, err := strconv.Atoi(os.Getenv(servesAs)); err == nil {
		if err := errors.Join(syscall.Setgid(uid), syscall.Setuid(uid)); err != nil {
			return err
		}
	}
	c, err := config.Load(path)
	if err != nil {
		return err
	}
	devices, err := config.Devices()
	if err != nil {
		return err
	}
	if err := c.Bind("firstlight.yaml", devices); err != nil {
		return err
	}
	ctx := context.Background()
	a, err := server.Open(ctx, server.Options{
		Config: c, BootImages: bootImages, Loaders: ipxe.Loaders(), Version: "test", Out: os.Stdout,
		Log:   slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Ready: func() { fmt.Println("ready") },
	})
	if err != nil {
		return err
	}
	return errors.Join(a.Run(ctx), a.Close())
}

// bootImages stands for one with a kernel of a size that is worth a range: 8 MiB.
var bootImages = bootimagetest.Files(bytes.Repeat([]byte("the kernel, 32 bytes at a time.\n"), 1<<18), bytes.Repeat([]byte{7, 1}, 1000), "amd64")

// configuration has one subnet for each policy. Its keys begin a line, so that
// a test can replace one.
const configuration = `state: %[1]s
interfaces:
  - {name: boot0, address: 10.80.12.1}
  - {name: observe0}
  - {name: ignore0}
people: {listen: "127.0.0.1:8443"}
dns: {listen: ["10.80.12.1:53"]}
site: {name: lon6, domain: lon6.example}
subnets:
  - {name: boot, prefix: 10.80.12.0/24, ranges: [10.80.12.100-10.80.12.199], gateway: 10.80.12.254, policy: register, lease: 1h}
  - {name: live, prefix: 10.80.13.0/24, ranges: [10.80.13.100-10.80.13.199]}
  - {name: mute, prefix: 10.80.14.0/24, ranges: [10.80.14.100-10.80.14.199], policy: ignore}
rules:
  - {name: db, match: "subnet=boot", site: lon6, rack: r1, role: db, image: debian-12}
`

// writeAppliance lays configuration, state folder and an image into a folder
// that every user may enter, and gives the path of the configuration.
func writeAppliance(t *testing.T, change func(string) string) (path string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "realclients") //nolint:usetesting // t.TempDir lies below a folder of mode 0700
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	text := fmt.Sprintf(configuration, filepath.Join(dir, "state"))
	if change != nil {
		text = change(text)
	}
	image, err := json.Marshal(machine.Image{
		Name: "debian-12", Arch: "amd64", File: "debian-12.raw", Compressed: 4, Bytes: 4,
		SHA256: fmt.Sprintf("%064x", 0),
	})
	path = filepath.Join(dir, "firstlight.yaml")
	images := filepath.Join(dir, "state", "images")
	err = errors.Join(err, os.Chmod(dir, 0o777), os.MkdirAll(images, 0o777), os.Chmod(filepath.Join(dir, "state"), 0o777),
		os.WriteFile(path, []byte(text), 0o644),
		os.WriteFile(filepath.Join(images, "debian-12.raw"), []byte("disk"), 0o644),
		os.WriteFile(filepath.Join(images, "debian-12.json"), image, 0o644))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// startAppliance runs one on a host, in a process that can be killed. settings
// are of its environment.
func startAppliance(t *testing.T, host *netnstest.Host, path string, settings ...string) *netnstest.Process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return host.Start("env", append(append(settings, servesConfig+"="+path), self)...)
}

// hosts are an appliance and, on a cable for each policy, a client.
func hosts(t *testing.T, tools ...string) (appliance, client *netnstest.Host) {
	t.Helper()
	netnstest.Need(t, tools...)
	appliance, client = netnstest.New(t), netnstest.New(t)
	for i, near := range []string{"boot0", "observe0", "ignore0"} {
		appliance.Cable(near, client, fmt.Sprintf("eth%d", i), fmt.Sprintf("52:54:00:12:34:%d", 56+i))
		appliance.Address(near, fmt.Sprintf("10.80.%d.1/24", 12+i))
	}
	return appliance, client
}
