// Package script writes the scripts that machines boot by: iPXE's, and GRUB's
// configurations where only signed loaders run.
//
// The scripts are files under templates; this package fills in their values. It
// promises that every value that enters a script is one plain word, so that
// no name, argument or address can add a command, and that a script ends: each
// retry is bounded, and a machine that was told to boot something and cannot is
// left to its own disk. Whoever answers boot requests (server/httpboot) may
// import it. It imports the standard library only.
package script

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/template"
)

//go:embed templates/*.tmpl
var files embed.FS

// Form is the language of a script.
type Form string

// Forms.
const (
	IPXE Form = "ipxe"
	// GRUB is that of GRUB 2.12. Earlier ones take no port in the name of an
	// HTTP server.
	GRUB Form = "grub"
)

// templates are read for the first script: the command line carries them too, and
// writes none.
var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{"quote": quote}).ParseFS(files, "templates/*.tmpl"))
})

// Paths below the base URL that the scripts ask for. The server's routes are
// these.
const (
	// EntryPath is the script of Entry: the DHCP file name of an iPXE client.
	EntryPath = "/boot/entry.ipxe"
	// ConfigPath is the same for GRUB, over HTTP and, without the slash, over
	// TFTP: the place where Debian's signed GRUB looks for its configuration.
	ConfigPath = "/grub/grub.cfg"
	// ScriptPath is the script decided for one machine. Its query is the
	// machine's identity in the words of iPXE: mac (with hyphens), uuid, serial,
	// platform (pcbios or efi), buildarch and asset, and card, the busid of the card
	// that booted; and the form, where it is not iPXE's.
	ScriptPath = "/boot/script"
)

// KernelPath and InitramfsPath are the two files of the boot image for an
// architecture, by Debian's name for it (amd64, arm64).
func KernelPath(architecture string) string { return "/boot/" + architecture + "/vmlinuz" }

// InitramfsPath is described at KernelPath.
func InitramfsPath(architecture string) string { return "/boot/" + architecture + "/initramfs" }

// OverlayPath is the archive that goes beside the initramfs for a driver.
func OverlayPath(architecture, driver string) string {
	return "/boot/" + architecture + "/overlay-" + driver
}

// EntryValues are the values of the script that every client runs first.
type EntryValues struct {
	// Base is the URL of the appliance as the machine reaches it, without path.
	Base string
}

// ConfigValues are the values of GRUB's first configuration where one file is
// for all, as over TFTP.
type ConfigValues struct {
	// Port is that of the appliance's HTTP. GRUB knows the address: it is the
	// server that its DHCP answer named.
	Port uint16
}

// AgentValues are the values of the script that boots the agent.
type AgentValues struct {
	// Base is the URL of the appliance as the machine reaches it, without path.
	Base string
	// Machine names the machine on its console: its name, or its MAC address
	// while it has none.
	Machine string
	// Reason says on the console why this script was chosen. It is the one value
	// that may be a sentence: what iPXE cannot print plainly becomes "?".
	Reason string
	// Architecture is that of the boot image, by Debian's name for it.
	Architecture string
	// Overlays are the drivers whose overlays are loaded besides, one word each.
	Overlays []string
	// Args are further kernel arguments, one word each.
	Args []string
}

// DiskValues are the values of the script that boots the machine's own disk.
type DiskValues struct {
	Machine string // as in AgentValues
	Reason  string // as in AgentValues
}

// WaitValues are the values of the script that asks again later.
type WaitValues struct {
	Base    string // as in AgentValues
	Machine string // as in AgentValues
	Reason  string // as in AgentValues
}

// Entry writes the script that asks the appliance, with the machine's identity,
// what to boot.
func Entry(w io.Writer, form Form, v EntryValues) error {
	err := checkBase(v.Base)
	if err != nil {
		return fmt.Errorf("write entry script: %w", err)
	}
	return render(w, form, "entry", page{Base: v.Base, Door: door(v.Base)})
}

// Config writes what Entry does, for GRUB, without the appliance's address.
func Config(w io.Writer, v ConfigValues) error {
	return render(w, GRUB, "entry", page{Door: fmt.Sprintf("(http,$net_default_server:%d)", v.Port)})
}

// door is a base URL as GRUB names a server.
func door(base string) string {
	scheme, host, _ := strings.Cut(base, "://")
	return "(" + scheme + "," + host + ")"
}

// Agent writes the script that boots the boot image.
func Agent(w io.Writer, form Form, v AgentValues) error {
	err := firstError(checkBase(v.Base), checkWord("machine", v.Machine), checkWord("architecture", v.Architecture), checkArgs(v.Args))
	for _, driver := range v.Overlays {
		err = firstError(err, checkWord("overlay", driver))
	}
	if err != nil {
		return fmt.Errorf("write agent script: %w", err)
	}
	return render(w, form, "agent", page{Base: v.Base, Door: door(v.Base), Machine: v.Machine, Reason: plain(v.Reason), Args: v.Args, arch: v.Architecture, drivers: v.Overlays})
}

// Disk writes the script that leaves the machine to its own disk.
func Disk(w io.Writer, form Form, v DiskValues) error {
	err := checkWord("machine", v.Machine)
	if err != nil {
		return fmt.Errorf("write disk script: %w", err)
	}
	return render(w, form, "disk", page{Machine: v.Machine, Reason: plain(v.Reason)})
}

// Wait writes the script for when no answer can be given now. Nobody gets an
// installer for want of an answer: the machine asks again, a bounded number of
// times, and then boots its own disk.
func Wait(w io.Writer, form Form, v WaitValues) error {
	err := firstError(checkBase(v.Base), checkWord("machine", v.Machine))
	if err != nil {
		return fmt.Errorf("write wait script: %w", err)
	}
	return render(w, form, "wait", page{Base: v.Base, Machine: v.Machine, Reason: plain(v.Reason)})
}

// RefusedValues are the values of the answer to one who gets no script.
type RefusedValues struct {
	Reason string // as in AgentValues
}

// Refused writes GRUB's answer to who gets no script. GRUB runs whatever comes
// with an error, too, where iPXE looks at the status and stops.
func Refused(w io.Writer, v RefusedValues) error {
	return render(w, GRUB, "refused", page{Reason: plain(v.Reason)})
}

// page is what the templates see.
type page struct {
	Base    string
	Door    string // the same for GRUB
	Machine string
	Reason  string
	Args    []string
	arch    string
	drivers []string
}

func (page) Script() string      { return ScriptPath }
func (p page) Kernel() string    { return KernelPath(p.arch) }
func (p page) Initramfs() string { return InitramfsPath(p.arch) }
func (p page) Overlays() (paths []string) {
	for _, driver := range p.drivers {
		paths = append(paths, OverlayPath(p.arch, driver))
	}
	return paths
}
func (page) Entry() string { return EntryPath }

// render writes all of a script or nothing: half a script would run.
func render(w io.Writer, form Form, name string, values page) error {
	var text bytes.Buffer
	if err := templates().ExecuteTemplate(&text, name+"."+string(form)+".tmpl", values); err != nil {
		return fmt.Errorf("write %s script: %w", name, err)
	}
	if _, err := w.Write(text.Bytes()); err != nil {
		return fmt.Errorf("write %s script: %w", name, err)
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
