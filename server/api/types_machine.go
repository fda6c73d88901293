package api

import "time"

// Machine is one machine of ServerDb.
type Machine struct {
	ID      string `json:"id" doc:"Stays for as long as the record lives (UUIDv7)" example:"0198f0a2-7c1b-7d3e-9a51-3f1c0f6f2b10"`
	Name    string `json:"name" doc:"Unique hardware name, from the serial" example:"C0MPUT3"`
	Kind    string `json:"kind" enum:"metal,virtual,gce" doc:"What the machine is made of"`
	Serial  string `json:"serial" example:"C0MPUT3"`
	UUID    string `json:"uuid" doc:"Of the system (SMBIOS type 1)" example:"4c4c4544-0030-4d10-8050-b4c04f543330"`
	Vendor  string `json:"vendor" example:"Dell Inc."`
	Product string `json:"product" example:"PowerEdge R730"`

	Status   string    `json:"status" enum:"expected,registered,held,available,allocated,installing,configuring,in_use,recycling,broken,repairing,retiring,retired" doc:"What the machine is for; it decides what it boots" example:"in_use"`
	Reason   string    `json:"reason,omitempty" doc:"One word that explains the status" example:"no-rule"`
	Sentence string    `json:"sentence,omitempty" doc:"The reason as one sentence for people" example:"no rule accepts it"`
	Since    time.Time `json:"since" doc:"When it came into this status"`
	Flags    Flags     `json:"flags" doc:"What restrains automation"`

	Site     string `json:"site,omitempty" example:"lon6"`
	Rack     string `json:"rack,omitempty" example:"r12"`
	Unit     int    `json:"unit,omitempty" doc:"Lowest rack unit that it fills, from 1; absent: not known" example:"17"`
	Height   int    `json:"height,omitempty" doc:"In rack units; absent: one" example:"2"`
	Face     string `json:"face,omitempty" enum:"front,rear" doc:"Side of the rack; absent: it fills both"`
	Room     string `json:"room,omitempty" doc:"Room of its rack" example:"hall-1"`
	Delivery string `json:"delivery,omitempty" doc:"Delivery that it came with" example:"2026-1140"`
	Hostname string `json:"hostname,omitempty" example:"lon6-web-1"`
	Role     string `json:"role,omitempty" example:"web"`
	Pool     string `json:"pool,omitempty" example:"a"`
	Owner    string `json:"owner,omitempty" example:"team-search"`
	Image    string `json:"image,omitempty" doc:"What is, or is to be, installed" example:"debian-12"`
	Rule     string `json:"rule,omitempty" doc:"The rule that accepted it" example:"lab-metal"`
	Note     string `json:"note,omitempty" doc:"What people wrote on it" example:"fan is loud"`

	Tags   []string          `json:"tags,omitempty" doc:"Words that people gave it, sorted" example:"[\"loaner\"]"`
	Params map[string]string `json:"params,omitempty" doc:"Parameters for configuration management" example:"{\"tier\":\"gold\"}"`

	Owned   bool   `json:"owned" doc:"Its disks may hold somebody's data: true from the first allocation until an erase is proven"`
	Address string `json:"address,omitempty" doc:"IP address of the interface that it boots through" example:"10.80.12.100"`
	Job     string `json:"job,omitempty" doc:"Id of its open job" example:"5f0c9c6e-6f0b-4b5e-8a43-0d7b8f5f3c1e"`

	NICs     []NIC     `json:"nics" nullable:"false" doc:"Interfaces as ServerDb names and numbers them"`
	BMC      BMC       `json:"bmc" doc:"Its management controller"`
	Type     string    `json:"type,omitempty" doc:"Hardware type whose specification it should meet" example:"high-io"`
	Declared *Declared `json:"declared,omitempty" doc:"What people said of its hardware, kept apart from what was found"`
	// ReportedAt is when the agent last reported.
	ReportedAt *time.Time `json:"reported_at,omitempty" doc:"Last report of the agent; absent: never"`
	Facts      *Facts     `json:"facts,omitempty" doc:"What the agent saw of the hardware. Lists have it only with facts=true"`
	Observed   Observed   `json:"observed" doc:"What was last seen of it; it changes without a new version"`

	Waits       []Wait       `json:"waits,omitempty" doc:"What it waits for before gates"`
	Issues      []string     `json:"issues,omitempty" doc:"Kinds of its open issues" example:"[\"silent\"]"`
	Differences []Difference `json:"differences,omitempty" doc:"Where what was found is not what is declared, by its record, the plan or its hardware type. Only with the facts"`

	Trust *Trust `json:"trust,omitempty" doc:"How far the last boot of its agent has proven to be this machine's; absent: its agent never enrolled. Only where one machine is asked for"`
	Where *Where `json:"where,omitempty" doc:"Who says where it is cabled, and what does not agree. Only where one machine is asked for"`

	Handling string `json:"handling,omitempty" enum:"keep,wipe,shred" doc:"What is to become of its disks while it is repaired"`
	Undo     *Undo  `json:"undo,omitempty" doc:"Absent: there is nothing to take back"`

	Version   int64     `json:"version" doc:"Grows with every change but what is observed" example:"14"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Undo is the last act of a person on a machine, which can be taken back.
type Undo struct {
	By    string    `json:"by" example:"ada"`
	Did   string    `json:"did" doc:"What was done" example:"marked it broken"`
	Does  string    `json:"does" doc:"What taking it back does" example:"has it checked again"`
	Until time.Time `json:"until" doc:"It can be taken back until then, unless something happens to the machine before"`
}

// Flags restrain what automation may do.
type Flags struct {
	Locked             bool   `json:"locked" doc:"Automation keeps away"`
	LockNote           string `json:"lock_note,omitempty" doc:"Why it is locked" example:"disk under investigation"`
	RetireWhenReleased bool   `json:"retire_when_released" doc:"It leaves the fleet instead of going to the next owner"`
	NoPowerOff         bool   `json:"no_power_off" doc:"Its power is never cut"`
	Frozen             bool   `json:"frozen" doc:"An older database was restored, and it has not shown since that it agrees with its record"`
	Fenced             bool   `json:"fenced" doc:"An erase of it failed: it boots nothing but the agent, and nobody gets it"`
	FenceNote          string `json:"fence_note,omitempty" doc:"Which disk, and why" example:"erase stopped at step erase: disk S3X7NB0K: input/output error"`
	UntilBoot          bool   `json:"until_boot" doc:"Its lock ends with the first boot that is seen: it was adopted"`
}

// Declared is what people said of a machine's hardware. What is absent was not
// said.
type Declared struct {
	Vendor      string `json:"vendor,omitempty" example:"Dell Inc."`
	Product     string `json:"product,omitempty" example:"PowerEdge R730"`
	Cores       int    `json:"cores,omitempty" doc:"Of all sockets" example:"16"`
	MemoryBytes uint64 `json:"memory_bytes,omitempty" doc:"Bytes" example:"68719476736"`
	Disks       int    `json:"disks,omitempty" example:"4"`
}

// NIC is an interface.
type NIC struct {
	Name    string `json:"name" example:"eth0"`
	MAC     string `json:"mac" example:"52:54:00:12:34:56"`
	Address string `json:"address,omitempty" doc:"IP address reserved for it" example:"10.80.12.100"`
	Boot    bool   `json:"boot" doc:"The machine booted through this one"`
	Switch  string `json:"switch,omitempty" doc:"Where the plan wants it cabled" example:"sw3"`
	Port    string `json:"port,omitempty" example:"23"`

	SeenSwitch string `json:"seen_switch,omitempty" doc:"The switch at the other end of its cable, as heard last by LLDP: its system name, else its chassis id" example:"sw3"`
	SeenPort   string `json:"seen_port,omitempty" doc:"The port of that switch, as the switch spells it" example:"Ethernet31"`
}

// BMCUser is one account of a BMC. Nobody can read its password.
type BMCUser struct {
	Slot      int    `json:"slot" example:"2"`
	Name      string `json:"name" doc:"Empty: whoever gives no name" example:"ADMIN"`
	Enabled   bool   `json:"enabled"`
	Network   bool   `json:"network" doc:"May log in over the network, by IPMI"`
	Privilege string `json:"privilege,omitempty" doc:"callback, user, operator, administrator or oem" example:"administrator"`
}

// BMC is a machine's management controller. Its credentials are never shown.
type BMC struct {
	Type     string `json:"type,omitempty" doc:"Protocol that it speaks, redfish or ipmi; a guess until a log-in is proven; absent: no BMC is known" example:"redfish"`
	Address  string `json:"address,omitempty" doc:"host or host:port, with ipmi:// or https:// in front where it was given so" example:"10.80.99.3:443"`
	MAC      string `json:"mac,omitempty" example:"52:54:00:ff:34:56"`
	Firmware string `json:"firmware,omitempty" example:"2.86"`
	Proven   bool   `json:"proven" doc:"A log-in succeeded"`
	Factory  bool   `json:"factory,omitempty" doc:"The log-in is the default of its vendor"`
	Failed   string `json:"failed,omitempty" doc:"Why the last log-in did not" example:"wrong password"`
	Switch   string `json:"switch,omitempty" doc:"Where the plan wants it cabled" example:"mgmt1"`
	Port     string `json:"port,omitempty" example:"7"`
}

// Observed is what was last seen of a machine.
type Observed struct {
	Power      string     `json:"power,omitempty" doc:"Absent: never asked" enum:"on,off,unknown" example:"on"`
	PowerAt    *time.Time `json:"power_at,omitempty"`
	Light      string     `json:"light,omitempty" doc:"What the identify light does; absent: nobody used it" enum:"off,blinking,lit" example:"blinking"`
	LightAt    *time.Time `json:"light_at,omitempty"`
	BootAt     *time.Time `json:"boot_at,omitempty" doc:"Last boot request"`
	BootAnswer string     `json:"boot_answer,omitempty" doc:"What it was given" example:"agent"`
	BootStage  string     `json:"boot_stage,omitempty" enum:"firmware,http,ipxe" doc:"How far its boot had come when it asked"`
	BootOrder  string     `json:"boot_order,omitempty" doc:"Of its UEFI firmware, when its agent read it last" example:"network, firstlight, device"`
	BMCAt      *time.Time `json:"bmc_at,omitempty" doc:"Last log-in to its BMC"`
	BMCError   string     `json:"bmc_error,omitempty" doc:"Why its BMC did not answer after that" example:"the BMC does not answer"`
	CallAt     *time.Time `json:"call_at,omitempty" doc:"Last word of its agent or installed system"`
	HomeAt     *time.Time `json:"home_at,omitempty" doc:"First call of the installed system"`
	Waits      string     `json:"waits,omitempty" doc:"What it does or waits for, one sentence" example:"Writes the image: 412 MB of 1.2 GB"`
	Progress   float64    `json:"progress,omitempty" minimum:"0" maximum:"1" doc:"How much of it is done, as a fraction" example:"0.34"`
	Proof      *Proof     `json:"proof,omitempty" doc:"By what the last boot of its agent is known; absent: its agent never enrolled"`
	Contest    *Contest   `json:"contest,omitempty" doc:"The last time that another one spoke for this machine"`
}

// Proof is by what a boot is known.
type Proof struct {
	At    *time.Time `json:"at,omitempty" doc:"When it redeemed its boot token"`
	Key   string     `json:"key" doc:"Fingerprint of the key that this boot made" example:"SHA256:Zmh6rfhivXdsj8GLjp+OIAiXFIVu4jOzkCpZHQ1fKSU"`
	From  string     `json:"from,omitempty" doc:"Address of the agent" example:"10.80.12.107"`
	Phase string     `json:"phase,omitempty" doc:"What its boot script was given for" example:"install"`
}

// Contest is another one that spoke for a machine.
type Contest struct {
	At   *time.Time `json:"at,omitempty"`
	How  string     `json:"how" doc:"One sentence, without its end" example:"another agent used the boot token of this boot with another key: somebody else booted as this machine, or the wire was read"`
	Key  string     `json:"key,omitempty" doc:"Fingerprint of the other's key" example:"SHA256:Zmh6rfhivXdsj8GLjp+OIAiXFIVu4jOzkCpZHQ1fKSU"`
	From string     `json:"from,omitempty" doc:"Address of the other" example:"10.80.12.9"`
}

// Facts is what the agent saw of a machine's hardware.
type Facts struct {
	Vendor         string    `json:"vendor" example:"Dell Inc."`
	Product        string    `json:"product" example:"PowerEdge R730"`
	Serial         string    `json:"serial,omitempty" doc:"As firmware shows it now" example:"C0MPUT3"`
	SKU            string    `json:"sku,omitempty" example:"SKU=NotProvided;ModelName=PowerEdge R730"`
	BoardSerial    string    `json:"board_serial,omitempty" example:"CN7475158R0123"`
	ChassisSerial  string    `json:"chassis_serial,omitempty" example:"C0MPUT3"`
	Firmware       string    `json:"firmware" doc:"Version of BIOS or UEFI" example:"2.19.0"`
	FirmwareVendor string    `json:"firmware_vendor,omitempty" example:"Dell Inc."`
	FirmwareDate   string    `json:"firmware_date,omitempty" doc:"As firmware writes it" example:"08/14/2026"`
	Board          string    `json:"board,omitempty" doc:"Product name of the board" example:"0CNCJW"`
	ChassisVendor  string    `json:"chassis_vendor,omitempty" example:"Dell Inc."`
	ChassisType    string    `json:"chassis_type,omitempty" doc:"In the words of SMBIOS" example:"Rack Mount Chassis"`
	Asset          string    `json:"asset,omitempty" doc:"Asset tag of the chassis" example:"A-4711"`
	Microcode      string    `json:"microcode,omitempty" doc:"Revision in its processors; each, where they differ" example:"0x49"`
	Platform       string    `json:"platform" enum:"bios,efi" doc:"How it booted"`
	SecureBoot     bool      `json:"secure_boot" doc:"Secure Boot is enforced"`
	Kernel         string    `json:"kernel" doc:"Of the agent" example:"6.1.0-56-amd64"`
	Arch           string    `json:"arch" doc:"As Go spells it" example:"amd64"`
	CPU            string    `json:"cpu" example:"Intel(R) Xeon(R) CPU E5-2630 v3 @ 2.40GHz"`
	Sockets        int       `json:"sockets" example:"2"`
	Cores          int       `json:"cores" doc:"Of all sockets" example:"16"`
	Threads        int       `json:"threads" doc:"Of all cores" example:"32"`
	MemoryBytes    uint64    `json:"memory_bytes" doc:"Bytes" example:"68719476736"`
	DIMMs          []DIMM    `json:"dimms" nullable:"false" doc:"Slots for memory, also the empty ones"`
	Disks          []Disk    `json:"disks" nullable:"false"`
	NICs           []Port    `json:"nics" nullable:"false"`
	PCI            []PCI     `json:"pci" nullable:"false" doc:"Devices on the PCI bus by address, virtual functions left out; empty where its agent was older"`
	BMC            bool      `json:"bmc" doc:"It has one"`
	BMCMode        string    `json:"bmc_mode,omitempty" doc:"How its BMC gets its address: static, dhcp, firmware or other" example:"dhcp"`
	BMCUsers       []BMCUser `json:"bmc_users,omitempty" doc:"Accounts of its BMC that have a name or are enabled, as the agent saw them"`
	Missing        []string  `json:"missing,omitempty" doc:"What the agent could not read" example:"[\"dimms\"]"`
}

// DIMM is one slot for memory, with what is in it.
type DIMM struct {
	Slot   string `json:"slot" doc:"As firmware names it; with its bank where the name alone repeats" example:"A1"`
	Empty  bool   `json:"empty,omitempty" doc:"Nothing is in it"`
	Bytes  uint64 `json:"bytes" doc:"Bytes; 0 in an empty slot, and where firmware does not know" example:"17179869184"`
	Type   string `json:"type,omitempty" example:"DDR4"`
	MTs    int    `json:"mts,omitempty" doc:"Million transfers a second" example:"2133"`
	Vendor string `json:"vendor,omitempty" example:"Samsung"`
	Part   string `json:"part,omitempty" example:"M393A2G40DB0-CPB"`
	Serial string `json:"serial,omitempty" example:"1234ABCD"`
}

// Disk is one whole disk.
type Disk struct {
	Name       string      `json:"name" example:"nvme0n1"`
	Serial     string      `json:"serial" example:"S3EVNX0J512345"`
	WWN        string      `json:"wwn,omitempty" example:"eui.0025385b71b0a7a1"`
	Model      string      `json:"model" example:"SAMSUNG MZQLW960HMJP"`
	Bytes      uint64      `json:"bytes" doc:"Bytes" example:"960197124096"`
	Transport  string      `json:"transport" example:"nvme"`
	Rotational bool        `json:"rotational"`
	RPM        int         `json:"rpm,omitempty" doc:"Turns a minute; absent: not known, or nothing turns" example:"7200"`
	Firmware   string      `json:"firmware,omitempty" doc:"Revision of its firmware" example:"CXV8202Q"`
	Logical    int         `json:"logical_block,omitempty" doc:"Bytes of a block as it is addressed" example:"512"`
	Physical   int         `json:"physical_block,omitempty" doc:"Bytes that it writes at once" example:"4096"`
	PCI        string      `json:"pci,omitempty" doc:"Address of the controller that it hangs on" example:"0000:3b:00.0"`
	Slot       string      `json:"slot,omitempty" doc:"As its enclosure or the board names the place it is in" example:"Slot 04"`
	Contents   []Content   `json:"contents,omitempty" doc:"What was found on it; absent: it is empty"`
	Health     *DiskHealth `json:"health,omitempty" doc:"What it says of itself; absent: it does not tell, or its agent was older"`
}

// DiskHealth is what a disk says of itself. Counters are of all its life.
type DiskHealth struct {
	Failing       []string `json:"failing,omitempty" doc:"By what it is failing, with value and limit; absent: it is not" example:"[\"its pending sectors are 8, and the limit is 0\"]"`
	Source        string   `json:"source" enum:"nvme,ata,scsi" doc:"Where it is from"`
	Hours         uint64   `json:"hours,omitempty" doc:"With power" example:"39862"`
	Celsius       int      `json:"celsius,omitempty" doc:"Temperature, °C" example:"34"`
	Used          *int     `json:"used_percent,omitempty" doc:"Of the life that its maker gives it; may be more than 100" example:"3"`
	Spare         *int     `json:"spare_percent,omitempty" doc:"Left of the blocks that replace others" example:"100"`
	SpareLimit    int      `json:"spare_limit_percent,omitempty" doc:"Below which it warns" example:"10"`
	MediaErrors   uint64   `json:"media_errors,omitempty" doc:"Reads that no correction helped"`
	Reallocated   uint64   `json:"reallocated,omitempty" doc:"Sectors that others replace"`
	Pending       uint64   `json:"pending,omitempty" doc:"Sectors that cannot be read, and wait to be written"`
	Uncorrectable uint64   `json:"uncorrectable,omitempty" doc:"Sectors that its own scan could not read"`
}

// Content is something found on a disk.
type Content struct {
	Device string `json:"device" doc:"Disk or partition" example:"nvme0n1p2"`
	Kind   string `json:"kind" example:"filesystem"`
	Type   string `json:"type" example:"ext4"`
	Label  string `json:"label,omitempty" example:"pgdata"`
	Bytes  uint64 `json:"bytes,omitempty" doc:"Size, bytes" example:"959000000000"`
	Used   uint64 `json:"used,omitempty" doc:"Bytes in use" example:"412000000000"`
}

// Port is an interface as the hardware has it.
type Port struct {
	Name   string `json:"name" example:"eth0"`
	MAC    string `json:"mac" example:"52:54:00:12:34:56"`
	Driver string `json:"driver" example:"ixgbe"`
	Link   bool   `json:"link" doc:"A cable carries a signal"`
	Mbps   int    `json:"mbps,omitempty" doc:"Speed of the link, Mb/s" example:"10000"`

	PermanentMAC string `json:"permanent_mac,omitempty" doc:"What its maker gave it; absent: its driver does not tell" example:"52:54:00:12:34:56"`
	Firmware     string `json:"firmware,omitempty" doc:"Where its driver shows it" example:"16.35.3006"`
	PCI          string `json:"pci,omitempty" doc:"Address of its card" example:"0000:18:00.0"`
	ID           string `json:"pci_id,omitempty" doc:"Vendor and device" example:"8086:10fb"`
	TotalVFs     int    `json:"total_vfs,omitempty" doc:"Virtual functions that it can have (SR-IOV)" example:"63"`
	VFs          int    `json:"vfs,omitempty" doc:"Virtual functions that it has" example:"2"`
}

// PCI is a device on the PCI bus.
type PCI struct {
	Address   string `json:"address" example:"0000:3b:00.0"`
	Class     string `json:"class" doc:"Six hexadecimal digits; 0104 are RAID controllers, 0107 those of SAS" example:"010400"`
	ID        string `json:"id" doc:"Vendor and device" example:"1000:005d"`
	Subsystem string `json:"subsystem,omitempty" doc:"Vendor and device of the card" example:"1028:1f49"`
	Driver    string `json:"driver,omitempty" doc:"That has it; absent: none" example:"megaraid_sas"`
}

// Change is one change of a machine's status.
type Change struct {
	ID       int64     `json:"id" example:"42"`
	At       time.Time `json:"at"`
	From     string    `json:"from" doc:"Empty: the machine was unknown" example:"configuring"`
	To       string    `json:"to" example:"in_use"`
	Who      string    `json:"who" example:"ada"`
	Why      string    `json:"why" doc:"One word" example:"called-home"`
	Sentence string    `json:"sentence,omitempty" doc:"The same for people"`
	Job      string    `json:"job,omitempty" doc:"Id of the job that brought it about"`
	Guards   []string  `json:"guards" nullable:"false" doc:"What was proven, and what could not be checked" example:"[\"passed:called-home (token of job 5f0c9c6e)\",\"not-checked:puppet\"]"`
}

// Boot is what a machine would be served if it asked now, and why.
type Boot struct {
	Machine string      `json:"machine,omitempty" doc:"Hardware name; absent: nobody knows the interface" example:"C0MPUT3"`
	Request BootRequest `json:"request" doc:"What it would ask"`
	Answer  BootAnswer  `json:"answer" doc:"What it would get"`
	Waits   []Wait      `json:"waits,omitempty" doc:"What it waits for before gates"`
	Script  string      `json:"script,omitempty" doc:"The script of iPXE, or GRUB, without the secret of its session"`
	Problem string      `json:"problem,omitempty" doc:"Why the script cannot be written" example:"the boot image has no kernel"`
	Wrong   []Diagnosis `json:"wrong,omitempty" doc:"What is wrong with its boot, that which stops it first; absent: nothing"`
	Clock   *BootClock  `json:"clock,omitempty" doc:"How long its last boot took; absent: none was seen"`
	Boots   []BootPath  `json:"boots,omitempty" doc:"Its last boots, newest first: what was expected of each, and what was seen; absent: none was seen"`
}

// BootPath is one boot: what was expected of it beside what was seen.
type BootPath struct {
	At       time.Time      `json:"at" doc:"Of the order to its BMC, or of its first packet"`
	Expected []string       `json:"expected" nullable:"false" doc:"What it should boot, in order; empty: nobody can know" example:"[\"network\",\"agent\"]"`
	By       string         `json:"by,omitempty" doc:"Which order says so" example:"one-time boot of its BMC, set at 12:03:11 UTC"`
	Steps    []BootPathStep `json:"steps" nullable:"false" doc:"What was seen, in order; empty: nothing"`
	Verdict  string         `json:"verdict" enum:"right,wrong,under way,not known" example:"wrong"`
	Why      string         `json:"why,omitempty" doc:"One sentence; absent while it is under way" example:"It did not ask the network: its own disk booted."`
}

// BootPathStep is a thing that was seen of a boot.
type BootPathStep struct {
	At   time.Time `json:"at"`
	Name string    `json:"name" example:"loader"`
	What string    `json:"what,omitempty" doc:"File, target or outcome" example:"snponly.efi"`
}

// Diagnosis is a fault that a boot shows, with its evidence.
type Diagnosis struct {
	Fault    string     `json:"fault" doc:"In one word" example:"another-dhcp-server"`
	Issue    string     `json:"issue,omitempty" doc:"Kind of the issue that it opens; absent: none" example:"dhcp-but-no-address"`
	Sentence string     `json:"sentence" example:"4 DISCOVERs, 4 OFFERs, no REQUEST, and another server 10.0.0.9 answers on this segment."`
	Next     string     `json:"next" doc:"What to do next" example:"Find 10.0.0.9 and switch its DHCP off."`
	Since    time.Time  `json:"since" doc:"Of the first evidence"`
	Level    string     `json:"level" enum:"certain,suspected" doc:"suspected: it is waited for longer than is usual, and a slow machine would look the same; opens no issue" example:"certain"`
	Evidence []Evidence `json:"evidence" nullable:"false" doc:"Rows of the timeline that it rests on"`
}

// Evidence is a row that a diagnosis rests on.
type Evidence struct {
	At   time.Time `json:"at"`
	Text string    `json:"text" example:"UEFI x64 was offered 10.80.12.191 and did not take it, 4 times"`
}

// BootClock is the last boot of a machine, stage by stage.
type BootClock struct {
	Stages []BootStage `json:"stages" nullable:"false" doc:"In order; one whose first event was not seen is left out"`
	Kind   string      `json:"kind,omitempty" doc:"Model whose other machines say what is usual" example:"PowerEdge R730"`
	Peers  int         `json:"peers" doc:"How many of them have a clock" example:"12"`
}

// BootStage is a part of a boot, from its first event to that of the next.
type BootStage struct {
	Name         string   `json:"name" doc:"firmware, DHCP, loader, script, kernel, agent image, agent, image or first boot, which ends with the call home" example:"DHCP"`
	Seconds      float64  `json:"seconds" example:"12.1"`
	Open         bool     `json:"open,omitempty" doc:"It goes on"`
	Tries        int      `json:"tries,omitempty" doc:"How often it asked DHCP; absent: once" example:"4"`
	UsualSeconds *float64 `json:"usual_seconds,omitempty" doc:"Median of its kind; absent: not known" example:"0.3"`
}

// BootSimulation is a boot that nobody did.
type BootSimulation struct {
	Steps []BootStep `json:"steps" nullable:"false" doc:"In order"`
	Boot  *Boot      `json:"boot,omitempty" doc:"What comes of it; absent: it never gets as far as a script"`

	Options []AppliedOptions `json:"options,omitempty" doc:"Sets of DHCP options that apply to it there, the nearest first; absent: none does"`
}

// AppliedOptions is a set of DHCP options that applies to a machine.
type AppliedOptions struct {
	Set     string          `json:"set" doc:"Its name" example:"storage"`
	Options []AppliedOption `json:"options" nullable:"false"`
}

// AppliedOption is an option of such a set.
type AppliedOption struct {
	Option string `json:"option" doc:"Name or code" example:"mtu"`
	Code   int    `json:"code" example:"26"`
	Value  string `json:"value" example:"9000"`
	By     string `json:"by,omitempty" doc:"The nearer set whose value counts in its place; absent: this one does" example:"db"`
}

// BootStep is one thing that a booting machine asks, and what it gets.
type BootStep struct {
	Asks string `json:"asks" example:"DISCOVER of UEFI x64"`
	Gets string `json:"gets" example:"snponly.efi by TFTP from 10.80.0.1"`
}

// BootRequest is who asks, and in which stage of its boot.
type BootRequest struct {
	MAC      string `json:"mac" example:"52:54:00:12:34:56"`
	UUID     string `json:"uuid,omitempty" example:"4c4c4544-0030-4d10-8050-b4c04f543330"`
	Serial   string `json:"serial,omitempty" example:"C0MPUT3"`
	Arch     uint16 `json:"arch" doc:"DHCP option 93 (RFC 4578)" example:"7"`
	Platform string `json:"platform,omitempty" doc:"bios or efi; absent: not known yet" example:"efi"`
	Stage    string `json:"stage" enum:"firmware,http,ipxe"`
	Subnet   string `json:"subnet,omitempty" doc:"Absent: none could be found" example:"lab"`
}

// BootAnswer is what the machine boots and why.
type BootAnswer struct {
	Target  string `json:"target" enum:"ignore,disk,agent,wait" doc:"ignore: no answer at all; disk: its own; agent: our agent in memory; wait: ask again"`
	Mode    string `json:"mode,omitempty" doc:"What the agent is there for" example:"install"`
	Address bool   `json:"address" doc:"DHCP gives it an address"`
	Why     string `json:"why" doc:"One sentence" example:"it is in use"`
}

// Log is the end of what a machine's agent logged.
type Log struct {
	Lines []string `json:"lines" nullable:"false" doc:"Oldest first, each with the seconds since its kernel's start" example:"[\"[    3.214] link up nic=eth0 mbps=1000\"]"`
}

// PowerOrder asks for power.
type PowerOrder struct {
	Action string `json:"action" enum:"on,off,cycle" doc:"cycle is off, then on" example:"cycle"`
	Name   string `json:"name,omitempty" maxLength:"64" doc:"The machine's hardware name, typed by whoever cuts the power of a machine in use" example:"C0MPUT3"`
}

// LightOrder asks for the identify light.
type LightOrder struct {
	Action string `json:"action" enum:"on,off,blink" doc:"A light that cannot blink shines, and the other way round" example:"blink"`
}

// LockOrder keeps automation away.
type LockOrder struct {
	Note string `json:"note" minLength:"1" maxLength:"200" doc:"Why; people see it on the machine's page" example:"disk under investigation"`
}

// UnlockOrder lets automation at it again.
type UnlockOrder struct {
	Note string `json:"note,omitempty" maxLength:"200" doc:"Kept in the timeline" example:"disk replaced"`
}

// ReleaseOrder gives disks that are not empty free to be overwritten.
type ReleaseOrder struct {
	Name string `json:"name" maxLength:"200" doc:"The machine's hardware name, typed: the proof that somebody read which machine it is" example:"C0MPUT3"`
}

// WaiveOrder lets a held machine pass a check that failed.
type WaiveOrder struct {
	Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"Why the check may fail; its history keeps it beside your name" example:"the missing module comes on Monday"`
}

// BrokenOrder marks a machine as broken.
type BrokenOrder struct {
	Reason string `json:"reason" enum:"disk,memory,cpu,network,oob,power,crash-loop,doa,other" doc:"What is broken. doa is dead on arrival, for a machine that never was in use; oob is its BMC; other needs a note" example:"memory"`
	Note   string `json:"note,omitempty" maxLength:"200" doc:"What was seen" example:"DIMM B2 is missing"`
}

// RepairOrder gives a broken machine into somebody's hands.
type RepairOrder struct {
	Disks string `json:"disks" enum:"keep,wipe,shred" doc:"What is to become of the data: whoever repairs it does that, nothing here touches a disk" example:"keep"`
	Note  string `json:"note,omitempty" maxLength:"200" doc:"Kept in the history" example:"vendor ticket 4711"`
}

// NoteOrder is a verb that needs nothing but may be explained.
type NoteOrder struct {
	Note string `json:"note,omitempty" maxLength:"200" doc:"Kept in the history" example:"DIMM B2 replaced"`
}

// RetireOrder takes a machine out of the fleet.
type RetireOrder struct {
	Name string `json:"name" maxLength:"200" doc:"The machine's hardware name, typed: the proof that somebody read which machine it is" example:"C0MPUT3"`
	Note string `json:"note,omitempty" maxLength:"200" doc:"Kept in the history" example:"back to the vendor"`
}
