// Package script writes the iPXE scripts that machines boot by.
//
// The scripts are files under templates; this package fills in their values. It
// promises that every value that enters a script is one plain iPXE word, so that
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
	"sync"
	"text/template"
)

//go:embed templates/*.ipxe.tmpl
var files embed.FS

// templates are read for the first script: the command line carries them too, and
// writes none.
var templates = sync.OnceValue(func() *template.Template { return template.Must(template.ParseFS(files, "templates/*.ipxe.tmpl")) })

// Paths below the base URL that the scripts ask for. The server's routes are
// these.
const (
	// EntryPath is the script of Entry: the DHCP file name of an iPXE client.
	EntryPath = "/boot/entry.ipxe"
	// ScriptPath is the script decided for one machine. Its query is the
	// machine's identity in the words of iPXE: mac (with hyphens), uuid, serial,
	// platform (pcbios or efi), buildarch and asset.
	ScriptPath = "/boot/script"
)

// KernelPath and InitramfsPath are the two files of the boot image for an
// architecture, by Debian's name for it (amd64, arm64).
func KernelPath(architecture string) string { return "/boot/" + architecture + "/vmlinuz" }

// InitramfsPath is described at KernelPath.
func InitramfsPath(architecture string) string { return "/boot/" + architecture + "/initramfs" }

// EntryValues are the values of the script that every iPXE client runs first.
type EntryValues struct {
	// Base is the URL of the appliance as the machine reaches it, without path.
	Base string
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
func Entry(w io.Writer, v EntryValues) error {
	err := checkBase(v.Base)
	if err != nil {
		return fmt.Errorf("write entry script: %w", err)
	}
	return render(w, "entry", page{Base: v.Base})
}

// Agent writes the script that boots the boot image.
func Agent(w io.Writer, v AgentValues) error {
	err := firstError(checkBase(v.Base), checkWord("machine", v.Machine), checkWord("architecture", v.Architecture), checkArgs(v.Args))
	if err != nil {
		return fmt.Errorf("write agent script: %w", err)
	}
	return render(w, "agent", page{Base: v.Base, Machine: v.Machine, Reason: plain(v.Reason), Args: v.Args, arch: v.Architecture})
}

// Disk writes the script that leaves the machine to its own disk.
func Disk(w io.Writer, v DiskValues) error {
	err := checkWord("machine", v.Machine)
	if err != nil {
		return fmt.Errorf("write disk script: %w", err)
	}
	return render(w, "disk", page{Machine: v.Machine, Reason: plain(v.Reason)})
}

// Wait writes the script for when no answer can be given now. Nobody gets an
// installer for want of an answer: the machine asks again, a bounded number of
// times, and then boots its own disk.
func Wait(w io.Writer, v WaitValues) error {
	err := firstError(checkBase(v.Base), checkWord("machine", v.Machine))
	if err != nil {
		return fmt.Errorf("write wait script: %w", err)
	}
	return render(w, "wait", page{Base: v.Base, Machine: v.Machine, Reason: plain(v.Reason)})
}

// page is what the templates see.
type page struct {
	Base    string
	Machine string
	Reason  string
	Args    []string
	arch    string
}

func (page) Script() string      { return ScriptPath }
func (p page) Kernel() string    { return KernelPath(p.arch) }
func (p page) Initramfs() string { return InitramfsPath(p.arch) }
func (page) Entry() string       { return EntryPath }

// render writes all of a script or nothing: half a script would run.
func render(w io.Writer, name string, values page) error {
	var text bytes.Buffer
	if err := templates().ExecuteTemplate(&text, name+".ipxe.tmpl", values); err != nil {
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
