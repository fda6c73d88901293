package bmcsim

import (
	"net/http"
	"slices"

	"firstlight/server/oob"
)

// override is Redfish's Boot object: where the next boot looks.
type override struct{ enabled, target, mode string }

func noOverride() override { return override{enabled: "Disabled", target: "None", mode: "UEFI"} }

var (
	bootTargets = []string{"None", "Pxe", "Hdd", "UefiHttp", "Cd", "BiosSetup"}
	bootEnabled = []string{"Disabled", "Once", "Continuous"}
	bootModes   = []string{"Legacy", "UEFI"}
)

// device is the override in the words of package oob.
func (o override) device() oob.BootDevice {
	if o.enabled == "Disabled" {
		return oob.BootNormal
	}
	switch o.target {
	case "Pxe", "UefiHttp":
		return oob.BootNetwork
	case "Hdd":
		return oob.BootDisk
	}
	return oob.BootNormal
}

// take returns the device for a boot that happens now; "Once" is used up by it.
func (o *override) take() oob.BootDevice {
	dev := o.device()
	if o.enabled == "Once" {
		o.enabled, o.target = "Disabled", "None"
	}
	return dev
}

func (b *BMC) shownBoot() object {
	b.mu.Lock()
	defer b.mu.Unlock()
	return object{
		"BootSourceOverrideEnabled": b.boot.enabled, "BootSourceOverrideTarget": b.boot.target, "BootSourceOverrideMode": b.boot.mode,
		"BootSourceOverrideTarget@Redfish.AllowableValues": bootTargets,
	}
}

// patchSystem changes the machine's resource: only the boot override and the
// identify light are writable here, and not with every profile.
func (b *BMC) patchSystem(asked object) answer {
	for _, readOnly := range []string{"PowerState", "SerialNumber", "UUID", "Manufacturer", "Model", "Status"} {
		if _, found := asked[readOnly]; found {
			return refuse(http.StatusBadRequest, "PropertyNotWritable", "The property %s is a read-only property and cannot be assigned a value.", readOnly)
		}
	}
	if _, boot := asked["Boot"]; !boot {
		return b.patchLight(b.showLight(object{}, false), asked)
	}
	if b.opts.Profile.BootInSettings {
		return refuse(http.StatusBadRequest, "PropertyNotWritable", "The property Boot is a read-only property here; it is written in the settings resource.")
	}
	return b.patchBoot(asked)
}

func (b *BMC) patchBoot(asked object) answer {
	if refusal, bad := onlyProperties(asked, "Boot"); bad {
		return refusal
	}
	boot, isObject := asked["Boot"].(object)
	if !isObject {
		return refuse(http.StatusBadRequest, "PropertyValueTypeError", "The value for the property Boot is not an object.")
	}
	b.mu.Lock()
	next := b.boot
	b.mu.Unlock()
	if b.opts.Profile.ModeMustBeSent {
		next.mode = "Legacy"
	}
	if refusal, bad := next.merge(boot); bad {
		return refusal
	}
	return b.later(func() error { b.setBoot(next); return nil })
}

// merge takes the asked properties over, after judging each.
func (o *override) merge(asked object) (answer, bool) {
	if refusal, bad := onlyProperties(asked, "BootSourceOverrideEnabled", "BootSourceOverrideTarget", "BootSourceOverrideMode"); bad {
		return refusal, true
	}
	for _, p := range []struct {
		name   string
		into   *string
		values []string
	}{
		{"BootSourceOverrideEnabled", &o.enabled, bootEnabled},
		{"BootSourceOverrideTarget", &o.target, bootTargets},
		{"BootSourceOverrideMode", &o.mode, bootModes},
	} {
		value, given := asked[p.name]
		if !given {
			continue
		}
		text, isText := value.(string)
		if !isText || !slices.Contains(p.values, text) {
			return refuse(http.StatusBadRequest, "PropertyValueNotInList", "The value %v for the property %s is not in the list of acceptable values.", value, p.name), true
		}
		*p.into = text
	}
	return answer{}, false
}

func (b *BMC) setBoot(next override) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.boot = next
	b.counts.BootChanges++
}

// NextBootMode is the mode of the next boot, "UEFI" or "Legacy".
func (b *BMC) NextBootMode() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.boot.mode
}
