package server

import (
	"context"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"time"

	"firstlight/images/bootimage"
	"firstlight/ipxe"
	"firstlight/ipxe/script"
	"firstlight/server/boot"
	"firstlight/server/dhcp"
	"firstlight/server/dhcp6"
	"firstlight/server/dns"
	"firstlight/server/httpboot"
	"firstlight/server/jobs"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/tftp"
	"firstlight/server/zone"
)

func (a *Appliance) openDNS(context.Context) error {
	listen := a.Config.DNS.Listen
	if len(listen) == 0 {
		listen = a.ports(53)
	}
	log := a.Log.With("part", "dns")
	a.dns = dns.New(dns.Config{Listen: listen, NSID: a.Config.DNS.NSID, Log: log})
	a.publisher = dns.NewPublisher(dns.PublisherConfig{
		Source: a.db, Publish: a.dns.Publish, Options: zone.Options{Servers: a.own()}, Now: time.Now, Log: log,
	})
	a.metrics.MustRegister(a.dns, a.publisher)
	return nil
}

// ports is one port on each of our addresses.
func (a *Appliance) ports(port uint16) []netip.AddrPort {
	var all []netip.AddrPort
	for _, addr := range a.own() {
		all = append(all, netip.AddrPortFrom(addr, port))
	}
	return all
}

func (a *Appliance) openJobs(context.Context) error {
	a.jobs = jobs.New(jobs.Config{
		DB: a.db, Log: a.Log.With("part", "jobs"), Now: time.Now,
		BMC:     func(ctx context.Context, m *machine.Machine) (oob.Controller, error) { return a.keeper.Open(ctx, m) },
		Logins:  a.keeper,
		Certify: a.certify, Visible: a.dns.Visible, Base: a.base, Keys: a.Config.SSHKeys,
		Policy: a.Config.Trust,
	})
	a.metrics.MustRegister(a.jobs)
	return nil
}

// base is the machines' door as the machines of a subnet reach it: our address
// in the subnet, or the first one where a relay stands between.
func (a *Appliance) base(s *machine.Subnet) string { return a.door(a.on(s)) }

// on is our address in a subnet, or the first of its version of IP.
func (a *Appliance) on(s *machine.Subnet) netip.Addr {
	addr := a.own()[0]
	for _, own := range a.own() {
		if s.Prefix.Contains(own) {
			return own
		}
		if addr.Is6() != s.Is6() {
			addr = own
		}
	}
	return addr
}

func (a *Appliance) door(addr netip.Addr) string {
	return "http://" + netip.AddrPortFrom(addr, uint16(a.Config.HTTPPort)).String() //nolint:gosec // checked by config
}

// doorOf is the door over HTTPS, or the one over HTTP.
func (a *Appliance) doorOf(addr netip.Addr, secure bool) string {
	if !secure {
		return a.door(addr)
	}
	return "https://" + netip.AddrPortFrom(addr, uint16(a.Config.HTTPSPort)).String() //nolint:gosec // checked by config
}

func (a *Appliance) openMachines(ctx context.Context) error {
	key, err := a.ownSecret(ctx, sessionKey)
	if err != nil {
		return err
	}
	since, err := a.tokensSince(ctx)
	if err != nil {
		return err
	}
	if err := a.openSecure(); err != nil {
		return err
	}
	if err := a.openGRUB(); err != nil {
		return err
	}
	a.http, err = httpboot.New(httpboot.Config{
		Listen: a.ports(uint16(a.Config.HTTPPort)), Inventory: a.db, Records: a.db, Jobs: a.jobs, //nolint:gosec // checked by config
		BootImages: served(bootImages(a.BootImages)), Loaders: a.Loaders, Secure: a.secure.door, Images: a.images,
		Page: a.page, Key: key, Since: since, Log: a.Log.With("part", "http"), Now: time.Now,
	})
	if err != nil {
		return err
	}
	a.tftp = tftp.New(tftp.Config{
		Addresses: a.ports(69), Routes: a.tftpRoutes(), WhoIs: a.db.WhoIs, Journal: a.db, Log: a.Log.With("part", "tftp"), Now: time.Now,
		Transfers: a.Config.TFTP.Transfers, PerSource: a.Config.TFTP.PerSource,
	})
	id, err := a.ownSecret(ctx, serverDUID)
	if err != nil {
		return err
	}
	a.dhcp, a.dhcp6 = a.newDHCP(), a.newDHCP6([16]byte(id))
	a.metrics.MustRegister(a.http, a.tftp, a.dhcp, a.dhcp6)
	a.probes()
	return nil
}

// tokensSince is when a release that asks for boot tokens was first started with
// this database: from then on the sessions of former ones run out.
func (a *Appliance) tokensSince(ctx context.Context) (time.Time, error) {
	const key = "boot tokens since"
	text, err := a.db.Meta(ctx, key)
	if err != nil {
		return time.Time{}, err
	}
	if text != "" {
		return time.Parse(time.RFC3339, text)
	}
	now := time.Now().UTC().Truncate(time.Second)
	return now, a.db.PutMeta(ctx, key, now.Format(time.RFC3339))
}

// bootImage is one as the machines' door serves it, and as it is chosen by.
type bootImage struct {
	httpboot.BootImage
	overlays []boot.Overlay
}

// served leaves the first half of each.
func served(images map[string]bootImage) map[string]httpboot.BootImage {
	all := map[string]httpboot.BootImage{}
	for architecture, image := range images {
		all[architecture] = image.BootImage
	}
	return all
}

// bootImages are those that are whole, with what their manifests say of their
// files. A binary without one starts all the same, and its health says what is
// missing.
func bootImages(files fs.FS) map[string]bootImage {
	all := map[string]bootImage{}
	manifests, _ := bootimage.ReadAll(files)
	for architecture, manifest := range manifests {
		one := bootImage{BootImage: httpboot.BootImage{Sums: map[string]string{}, KernelArgs: bootimage.KernelArgs(architecture)}}
		for _, f := range manifest.Files {
			one.Sums[f.Name] = f.SHA256
		}
		for _, o := range manifest.Overlays {
			one.Sums[o.Name] = o.SHA256
			one.overlays = append(one.overlays, boot.Overlay{Driver: o.Firmware.Driver, PCI: o.PCI})
		}
		one.Files, _ = fs.Sub(files, architecture) // read a moment ago
		all[architecture] = one
	}
	return all
}

// tftpRoutes is every name that TFTP serves: the loaders, and what GRUB reads
// first.
func (a *Appliance) tftpRoutes() []tftp.Route {
	all := []tftp.Route{
		{Name: ipxe.UndionlyKPXE, Files: a.Loaders},
		{Name: ipxe.SNPOnlyEFI, Files: a.Loaders},
		{Name: ipxe.AMD64EFI, Files: a.Loaders},
		{Name: ipxe.ARM64EFI, Files: a.Loaders},
		{Name: ipxe.ShimEFI, Files: a.Loaders},
		{Name: ipxe.GRUBEFI, Files: a.Loaders},
		{Name: strings.TrimPrefix(script.ConfigPath, "/"), Files: a.grub},
	}
	for _, name := range a.secure.names {
		all = append(all, tftp.Route{Name: name, Files: a.secure.door.Loaders})
	}
	return all
}

// newDHCP serves the interfaces that have an IPv4 address.
func (a *Appliance) newDHCP() *dhcp.Server {
	var interfaces []dhcp.Interface
	for _, i := range a.Config.Interfaces {
		if i.Address.IsValid() {
			interfaces = append(interfaces, dhcp.Interface{Name: i.Name, Address: i.Address, Address6: i.Address6})
		}
	}
	return dhcp.New(dhcp.Config{
		Interfaces: interfaces, Inventory: a.db, Leases: a.db, Journal: a.db, Regulars: a.db,
		Loader: a.loader, Secure: a.secure.on(),
		ScriptURL: a.scriptURL, LoaderURL: a.loaderURL,
		Peers: a.Config.DHCP.Peers, OwnLoader: a.Config.DHCP.OwnLoader,
		Log: a.Log.With("part", "dhcp"), Now: time.Now,
	})
}

func (a *Appliance) scriptURL(addr netip.Addr, secure bool) string {
	return a.doorOf(addr, secure) + script.EntryPath
}

func (a *Appliance) loaderURL(addr netip.Addr, loader string) string {
	return a.door(addr) + "/boot/loaders/" + loader
}

// serverDUID names the appliance to DHCPv6 clients. It stands in the database, so
// that whoever serves it after a restart or a restore is the same server to them.
const serverDUID = "dhcp6-duid"

// newDHCP6 serves the interfaces that have an IPv6 address.
func (a *Appliance) newDHCP6(id [16]byte) *dhcp6.Server {
	var interfaces []dhcp6.Interface
	for _, i := range a.Config.Interfaces {
		if i.Address6.IsValid() {
			interfaces = append(interfaces, dhcp6.Interface{Name: i.Name, Address: i.Address6})
		}
	}
	return dhcp6.New(dhcp6.Config{
		Interfaces: interfaces, ID: id, Inventory: a.db, Leases: a.db, Journal: a.db, Regulars: a.db,
		Loader: a.usualLoader, Secure: a.secure.on(), ScriptURL: a.scriptURL, LoaderURL: a.loaderURL,
		Peers: a.Config.DHCP.Peers,
		Log:   a.Log.With("part", "dhcp6"), Now: time.Now,
	})
}

// page is the address of a machine's page for people.
func (a *Appliance) page(name string) string {
	return fmt.Sprintf("https://%s/machines/%s", a.people.address(), name)
}

// listen opens every socket before anything runs.
func (a *Appliance) listen(ctx context.Context) error {
	for _, open := range []func() error{
		func() error { return a.dns.Listen(ctx) },
		a.dhcp.Listen,
		a.dhcp6.Listen,
		a.tftp.Listen,
		func() error { return a.http.Listen(ctx) },
		func() error { return a.people.listen(ctx) },
	} {
		if err := open(); err != nil {
			return err
		}
	}
	return nil
}
