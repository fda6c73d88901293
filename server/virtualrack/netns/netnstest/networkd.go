package netnstest

import (
	"os"
	"path/filepath"
)

// Networkd is where Debian has systemd-networkd.
const Networkd = "/lib/systemd/systemd-networkd"

// StartNetworkd starts systemd-networkd with one .network file, which is given as
// text. It says all that it does.
func (h *Host) StartNetworkd(network string) *Process {
	h.t.Helper()
	file := filepath.Join(h.t.TempDir(), "boot.network")
	h.must(os.WriteFile(file, []byte(network), 0o644))
	const prepare = "mkdir -p /run/systemd/network /run/systemd/netif && chown -R systemd-network /run/systemd && cp "
	return h.StartApart(prepare+file+" /run/systemd/network/ && export SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console", Networkd)
}
