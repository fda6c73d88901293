package httpboot

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"firstlight/ipxe/script"
	"firstlight/server/boot"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// entry is the first script of every iPXE client: it asks with its identity.
func (s *Server) entry(w http.ResponseWriter, r *http.Request) error {
	return s.first(w, r, script.IPXE)
}

// config is the same for GRUB that came over HTTP.
func (s *Server) config(w http.ResponseWriter, r *http.Request) error {
	return s.first(w, r, script.GRUB)
}

func (s *Server) first(w http.ResponseWriter, r *http.Request, form script.Form) error {
	var b bytes.Buffer
	if err := script.Entry(&b, form, script.EntryValues{Base: base(r)}); err != nil {
		return err
	}
	return text(w, &b)
}

func text(w http.ResponseWriter, b *bytes.Buffer) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", fmt.Sprint(b.Len()))
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(b.Bytes()) // the other side may have gone
	return nil
}

// script answers with what the machine boots now. GRUB runs the text of an
// error, too, so that it is given one that it can run.
func (s *Server) script(w http.ResponseWriter, r *http.Request) error {
	err := s.decided(w, r)
	if err == nil || r.URL.Query().Get("loader") != string(script.GRUB) {
		return err
	}
	code, why := s.explain(r, err)
	var b bytes.Buffer
	if err := script.Refused(&b, script.RefusedValues{Reason: why}); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes()) // the other side may have gone
	return nil
}

func (s *Server) decided(w http.ResponseWriter, r *http.Request) error {
	req, err := s.request(r)
	if err != nil {
		return err
	}
	if why := s.stolen(r, req.MAC); why != "" {
		s.Records.Note(journal.Event{MAC: req.MAC, Source: journal.Boot, Text: "Script refused: " + why})
		return status(http.StatusConflict, errors.New(why))
	}
	k := s.Inventory.Known(req)
	if why := s.unprotected(r, req, k); why != "" {
		s.Records.Note(journal.Event{MAC: req.MAC, Source: journal.Boot, Text: "Script refused: " + why})
		return status(http.StatusForbidden, errors.New(why))
	}
	a := boot.Decide(req, k, s.Now())
	b, err := s.Render(req, k, a, base(r))
	if err != nil {
		return err
	}
	if k.Machine != nil && k.Clash == "" {
		s.Jobs.Booted(k.Machine.ID)
	}
	if a.Target == boot.Ignore {
		return status(http.StatusNotFound, fmt.Errorf("nothing to boot: %s", a.Why))
	}
	err = text(w, b)
	s.Records.Decided(req, a, k)
	return err
}

// request reads who asks. iPXE writes a MAC with dashes and calls BIOS
// "pcbios"; GRUB is one of UEFI and says so. What a loader was built for is what
// its machine can run.
func (s *Server) request(r *http.Request) (boot.Request, error) {
	q := r.URL.Query()
	mac, err := machine.ParseMAC(q.Get("mac"))
	if err != nil {
		return boot.Request{}, status(http.StatusBadRequest, fmt.Errorf("mac: %w", err))
	}
	req := boot.Request{
		MAC: mac, Stage: boot.StageIPXE, Script: true, UUID: short(q.Get("uuid")), Serial: short(q.Get("serial")), Platform: "bios",
	}
	if q.Get("platform") == "efi" {
		req.Platform = "efi"
	}
	if q.Get("loader") == string(script.GRUB) {
		req.Stage, req.Platform = boot.StageGRUB, "efi"
	}
	if req.Card, err = boot.ParseCard(q.Get("card")); err != nil {
		s.Records.Note(journal.Event{MAC: mac, Source: journal.Boot, Text: "Script asked for with a part that is not read: " + err.Error()})
	}
	req.Arch = boot.LoaderArch(req.Platform, q.Get("buildarch"))
	if subnet, ok := s.Inventory.SubnetFor(source(r)); ok {
		req.Subnet = subnet.Name
	}
	return req, nil
}

// short bounds what strangers say of themselves.
func short(v string) string {
	if len(v) > 128 {
		v = v[:128]
	}
	return strings.ToValidUTF8(v, "?")
}

// stolen tells, in one sentence, that the address a request comes from is
// leased to another interface than the one that it names. Such a request gets
// no script: the token in it would let the one speak for the other.
func (s *Server) stolen(r *http.Request, mac machine.MAC) string {
	_, other := s.Inventory.WhoIs(source(r))
	if other.IsZero() || other == mac {
		return ""
	}
	return fmt.Sprintf("it says that it boots through %s, but its address %s is leased to %s", mac, source(r), other)
}

// Render writes the script of an answer, for a machine that reaches the
// appliance at base.
func (s *Server) Render(req boot.Request, k boot.Known, a boot.Answer, base string) (*bytes.Buffer, error) {
	var b bytes.Buffer
	name := req.MAC.String()
	if k.Machine != nil {
		name = k.Machine.Name
	}
	var err error
	form := script.IPXE
	if req.Stage == boot.StageGRUB {
		form = script.GRUB
	}
	switch a.Target {
	case boot.Disk:
		err = script.Disk(&b, form, script.DiskValues{Machine: name, Reason: a.Why})
	case boot.Agent:
		err = script.Agent(&b, form, script.AgentValues{
			Base: base, Machine: name, Reason: a.Why, Architecture: boot.ImageArch(req.Arch), Args: s.args(req, a, name, base),
			Overlays: strings.Fields(a.Overlays),
		})
	case boot.Wait:
		err = script.Wait(&b, form, script.WaitValues{Base: base, Machine: name, Reason: a.Why})
	case boot.Ignore:
		err = nil
	}
	return &b, err
}

// args are the kernel arguments of the agent. They carry no secret but the boot
// token, which makes one key the one that reports and listens for this MAC.
func (s *Server) args(req boot.Request, a boot.Answer, name, base string) []string {
	args := append([]string(nil), s.BootImages[boot.ImageArch(req.Arch)].KernelArgs...)
	if strings.HasPrefix(base, "https://") {
		args = append(args, "firstlight.ca="+s.Secure.Root)
	}
	return append(args,
		"firstlight.server="+base,
		"firstlight.token="+s.mint(req.MAC, a.Mode),
		"firstlight.mode="+string(a.Mode),
		"firstlight.name="+url.QueryEscape(name),
		"BOOTIF=01-"+strings.ReplaceAll(req.MAC.String(), ":", "-"),
	)
}
