package dhcp

import (
	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/boot"
)

// maxFile is what the header's file field holds, with the NUL at its end.
const maxFile = 127

// addBoot says what to load next, and gives its name; or why there is nothing.
//
// A machine that is to boot its disk gets the loader too: the script that the
// loader then asks for starts the disk. Many a BIOS does not go on to its disk
// after PXE failed for want of a file name.
func (s *Server) addBoot(r *message, q *query, v verdict) (boots, why string) {
	if !q.isBoot() || v.decision.Target == boot.Ignore {
		return "", ""
	}
	r.server = q.from.server
	echoMachine(r, q)
	if q.boot.Stage == boot.StageIPXE {
		if q.keyed && !s.cfg.Secure {
			// It would refuse any answer over HTTP, and say so only on its screen.
			return "", "its loader fetches over HTTPS alone, and machines.https_port is 0 here"
		}
		return addScript(r, s.cfg.ScriptURL(q.from.server, q.keyed)), ""
	}
	loader, err := s.cfg.Loader(q.boot.Arch, s.signed(q, v) != "")
	if err != nil {
		// Firmware that finds no file name goes on to its next boot device.
		return "", err.Error()
	}
	if q.boot.Stage == boot.StageHTTP {
		return addHTTP(r, s.cfg.LoaderURL(q.from.server, loader)), ""
	}
	return addPXE(r, q, loader), ""
}

// signed tells why firmware is given the signed loaders, where there are such
// for its architecture; "" when it is not.
func (s *Server) signed(q *query, v verdict) string {
	usual, _ := s.cfg.Loader(q.boot.Arch, false)
	if name, err := s.cfg.Loader(q.boot.Arch, true); err != nil || name == usual {
		return ""
	}
	return boot.Signed(q.boot, v.known)
}

// echoMachine sends option 97 back, which RFC 4578 §2.3 wants in every packet of
// PXE clients and servers.
func echoMachine(r *message, q *query) {
	if id := q.packet.Options.Get(dhcpv4.OptionClientMachineIdentifier); id != nil {
		r.set(dhcpv4.OptionClientMachineIdentifier, id)
	}
}

// noProxies is sub-option 176 of option 175, no-pxedhcp: it spares iPXE the wait
// for ProxyDHCP offers.
var noProxies = []byte{176, 1, 1}

// addScript points iPXE at its script.
func addScript(r *message, url string) string {
	setFile(r, url, url)
	r.set(optionIPXE, noProxies)
	return url
}

// addHTTP points UEFI at a loader by URL. UEFI 2.10 §24.7.3.1: only a reply
// whose vendor class is HTTPClient counts as an HTTP boot offer.
func addHTTP(r *message, url string) string {
	setFile(r, url, url)
	r.setText(dhcpv4.OptionClassIdentifier, classHTTP)
	return url
}

// addPXE points a PXE ROM or UEFI at a loader by TFTP.
func addPXE(r *message, q *query, loader string) string {
	// Some firmware reads option 67 as a C string, past its end, and asks TFTP
	// for a name with 0xff behind it (QUIRKS: file-name-unterminated). A NUL
	// at the end of the option hurts nobody.
	setFile(r, loader, loader+"\x00")
	r.setText(dhcpv4.OptionTFTPServerName, q.from.server.String())
	// With the class PXEClient in the reply the client takes it for a PXE
	// offer, and then wants option 43. PXE 2.1, PXE_DISCOVERY_CONTROL (6), bit
	// 3: load the file that the offer names, and look for no boot server.
	r.setText(dhcpv4.OptionClassIdentifier, classPXE)
	r.set(dhcpv4.OptionVendorSpecificInformation, []byte{6, 1, 8, 255})
	if isIPXE(q.packet) {
		r.set(optionIPXE, noProxies)
	}
	return loader
}

// setFile names the file in the header, where old ROMs and iPXE look, and in
// option 67, where UEFI looks first. A name too long for the header goes into
// the option alone.
func setFile(r *message, header, option string) {
	if len(header) <= maxFile {
		r.file = header
	}
	r.setText(dhcpv4.OptionBootfileName, option)
}
