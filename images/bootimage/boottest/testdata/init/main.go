// Command init is the /init of the boot tests. It does what the agent does with
// the module index: it loads, by the modalias of every device, what
// modules.alias names, with the closure that modules.dep names. Then it says
// what the machine can see now, and powers off.
package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	must("mount /proc", unix.Mount("proc", "/proc", "proc", 0, ""))
	must("mount /sys", unix.Mount("sysfs", "/sys", "sysfs", 0, ""))
	must("mount /dev", unix.Mount("devtmpfs", "/dev", "devtmpfs", 0, ""))
	dirs, err := filepath.Glob("/lib/modules/*")
	must("find modules", err)
	loadByModalias(dirs[0] + "/")
	args, err := os.ReadFile("/proc/cmdline")
	must("read arguments", err)
	fmt.Printf("\ntest-init: arguments %s", args)
	for _, rare := range []string{"ctfw-3.2.5.1.bin", "cxgb4/t6fw.bin"} { // of overlays
		_, err := os.Stat("/lib/firmware/" + rare)
		must("find firmware", err)
		fmt.Println("test-init: firmware", path.Base(rare))
	}
	fmt.Println("test-init: network", seen("/sys/class/net/e*"))
	fmt.Println("test-init: disk", seen("/sys/class/block/?d?"))
	fmt.Println("test-init: done")
	must("power off", unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF))
}

// seen waits for a device: a driver's probe may go on after its module is there.
func seen(pattern string) string {
	for range 100 {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return path.Base(found[0])
		}
		time.Sleep(100 * time.Millisecond)
	}
	return "none"
}

func loadByModalias(dir string) {
	devices, err := filepath.Glob("/sys/bus/*/devices/*/modalias") // PCI, and virtio on top of it
	must("find devices", err)
	aliases := lines(dir + "modules.alias")
	for _, device := range devices {
		modalias := strings.TrimSpace(strings.Join(lines(device), ""))
		for _, line := range aliases {
			fields := strings.Fields(line)
			if ok, err := path.Match(fields[1], modalias); ok && err == nil {
				load(dir, fields[2])
			}
		}
	}
	load(dir, "sd_mod") // its alias is of the SCSI bus
	load(dir, "ext4")   // the longest closure
}

func load(dir, name string) {
	for _, line := range lines(dir + "modules.dep") {
		module, needs, _ := strings.Cut(line, ":")
		if strings.ReplaceAll(strings.TrimSuffix(path.Base(module), ".ko"), "-", "_") != name {
			continue
		}
		order := append([]string{module}, strings.Fields(needs)...)
		for i := len(order) - 1; i >= 0; i-- {
			insert(dir + order[i])
		}
	}
}

func insert(file string) {
	module, err := os.Open(file)
	must("open module", err)
	defer module.Close()
	if err := unix.FinitModule(int(module.Fd()), "", 0); err != nil && err != syscall.EEXIST {
		must("load "+file, err)
	}
	fmt.Println("test-init: module", path.Base(file))
}

func lines(file string) []string {
	data, err := os.ReadFile(file)
	must("read file", err)
	return strings.Split(strings.TrimRight(string(data), "\n"), "\n")
}

// must panics: the kernel then panics too, and the console shows why.
func must(what string, err error) {
	if err != nil {
		panic(fmt.Sprintf("test-init: %s: %v", what, err))
	}
}
