package bmcsim

import "fmt"

func link(path string) object { return object{"@odata.id": path} }

func collection(kind string, paths ...string) object {
	links := make([]object, len(paths))
	for i, p := range paths {
		links[i] = link(p)
	}
	return object{
		"@odata.type": fmt.Sprintf("#%sCollection.%sCollection", kind, kind),
		"Name":        kind + " collection", "Members": links, "Members@odata.count": len(links),
	}
}

func (b *BMC) serviceRoot() object {
	return object{
		"@odata.type": "#ServiceRoot.v1_17_0.ServiceRoot", "Id": "RootService", "Name": "Root service",
		"RedfishVersion": "1.20.0", "Vendor": b.opts.Profile.Vendor, "UUID": b.machine.Identity().UUID,
		"Systems": link(rootPath + "/Systems"), "Chassis": link(rootPath + "/Chassis"), "Managers": link(rootPath + "/Managers"),
		"SessionService": link(rootPath + "/SessionService"), "Tasks": link(rootPath + "/TaskService"),
		"Links": object{"Sessions": link(sessionsPath)},
	}
}

// system is the machine as its BMC shows it.
func (b *BMC) system() object {
	id, p := b.machine.Identity(), b.opts.Profile
	path := b.systemPath()
	body := object{
		"@odata.type": "#ComputerSystem.v1_22_0.ComputerSystem", "Id": p.SystemID, "Name": "System", "SystemType": "Physical",
		"Manufacturer": id.Vendor, "Model": id.Model, "SerialNumber": id.Serial, "UUID": id.UUID,
		"PowerState": b.shownPower(), "Boot": b.shownBoot(), "Status": object{"State": "Enabled", "Health": "OK"},
		"Bios": link(path + "/Bios"), "EthernetInterfaces": link(path + "/EthernetInterfaces"),
		"Links": object{
			"ManagedBy": []object{link(rootPath + "/Managers/" + p.ManagerID)},
			"Chassis":   []object{link(rootPath + "/Chassis/1")},
		},
		"Actions": object{"#ComputerSystem.Reset": b.resetAction()},
	}
	if p.ServiceTagInSKU {
		body["SKU"], body["SerialNumber"] = id.Serial, "CNIVC00"+id.Serial
	}
	b.showLight(body, false)
	if p.BootInSettings {
		body["@Redfish.Settings"] = object{"@odata.type": "#Settings.v1_3_5.Settings", "SettingsObject": link(path + "/Settings")}
	}
	return body
}

func (b *BMC) systemPath() string { return rootPath + "/Systems/" + b.opts.Profile.SystemID }

func (b *BMC) shownPower() string {
	if b.machine.Running() != b.Faults().WrongPower {
		return "On"
	}
	return "Off"
}

func (b *BMC) resetAction() object {
	a := object{"target": b.systemPath() + "/Actions/ComputerSystem.Reset"}
	if b.opts.Profile.ActionInfo {
		a["@Redfish.ActionInfo"] = b.systemPath() + "/ResetActionInfo"
	} else {
		a["ResetType@Redfish.AllowableValues"] = resetTypes
	}
	return a
}

func (b *BMC) resetActionInfo() object {
	return object{
		"@odata.type": "#ActionInfo.v1_4_1.ActionInfo", "Id": "ResetActionInfo", "Name": "Reset action info",
		"Parameters": []object{{"Name": "ResetType", "Required": true, "DataType": "String", "AllowableValues": resetTypes}},
	}
}

func (b *BMC) settings() object {
	return object{"@odata.type": "#ComputerSystem.v1_22_0.ComputerSystem", "Id": "Settings", "Name": "Settings", "Boot": b.shownBoot()}
}

func (b *BMC) bios() object {
	return object{"@odata.type": "#Bios.v1_2_2.Bios", "Id": "Bios", "Name": "BIOS", "Attributes": object{}}
}

func (b *BMC) chassis() object {
	id := b.machine.Identity()
	return b.showLight(object{
		"@odata.type": "#Chassis.v1_25_1.Chassis", "Id": "1", "Name": "Chassis", "ChassisType": "RackMount",
		"Manufacturer": id.Vendor, "Model": id.Model, "SerialNumber": id.Serial, "PowerState": b.shownPower(),
		"Links": object{"ComputerSystems": []object{link(b.systemPath())}},
	}, true)
}

func (b *BMC) manager() object {
	p := b.opts.Profile
	return object{
		"@odata.type": "#Manager.v1_19_1.Manager", "Id": p.ManagerID, "Name": "Manager", "ManagerType": "BMC",
		"FirmwareVersion": b.firmware(), "PowerState": "On",
		"Links": object{"ManagerForServers": []object{link(b.systemPath())}},
	}
}

func (b *BMC) firmware() string {
	if v := b.machine.Identity().Firmware; v != "" {
		return v
	}
	return b.opts.Profile.Firmware
}

func (b *BMC) sessionService() object {
	return object{"@odata.type": "#SessionService.v1_1_9.SessionService", "Id": "SessionService", "Name": "Session service", "ServiceEnabled": true, "Sessions": link(sessionsPath)}
}

func (b *BMC) ethernetPath(i int) string {
	return fmt.Sprintf("%s/EthernetInterfaces/%d", b.systemPath(), i+1)
}

func (b *BMC) ethernetCollection() object {
	var paths []string
	for i := range b.opts.MACs {
		paths = append(paths, b.ethernetPath(i))
	}
	return collection("EthernetInterface", paths...)
}

func (b *BMC) ethernet(i int) object {
	return object{"@odata.type": "#EthernetInterface.v1_12_1.EthernetInterface", "Id": fmt.Sprint(i + 1), "Name": "Ethernet", "MACAddress": b.opts.MACs[i], "PermanentMACAddress": b.opts.MACs[i]}
}
