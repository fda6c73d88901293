package issue

// catalogue is every kind of issue, in the order of a machine's life.
var catalogue = []Entry{
	{
		Kind: NeverBooted, Title: "Never booted", Severity: Asks, Verbs: []Verb{Power, Light},
		Means: "It was delivered with machines that have reported since, but nothing was seen of it: no power, no cable, a wrong serial on the list, or network boot is off.",
		find:  neverBooted,
	},
	{
		Kind: NoLocation, Title: "No location", Severity: Asks, Verbs: []Verb{Light},
		Means: "Its site has racks in the plan, but nobody said in which one it stands: no one will find it.",
		find:  noLocation,
	},
	{
		Kind: Held, Title: "Held", Severity: Asks, Verbs: []Verb{Release, Recheck, Waive},
		Means: "A check failed that must not fail; it waits in the agent, its disks untouched, until a person decides.",
		find:  held,
	},
	{
		Kind: BadSerial, Title: "Bad serial", Severity: Asks, Verbs: []Verb{Recheck, Light},
		Means: "Its firmware shows a text that vendors leave behind when they forget to write the serial number; two machines could show it.",
		find:  badSerial,
	},
	{
		Kind: SerialChanged, Title: "Serial changed", Severity: Asks, Verbs: []Verb{Recheck, Light},
		Means:     "Its firmware shows another serial number than its record: a board was swapped, or it is another machine.",
		FromFacts: true, find: serialChanged,
	},
	{
		Kind: IdentityClash, Title: "Two machines in one", Severity: Broken, Verbs: []Verb{Light},
		Means: "Two machines show the same mark, such as a serial number or an interface. What one of them reports is refused until they can be told apart.",
		find:  identityClash,
	},
	{
		Kind: SpecMismatch, Title: "Not what was ordered", Severity: Asks, Verbs: []Verb{Recheck, Light},
		Means:     "Its hardware differs from its hardware type, or from what its delivery says.",
		FromFacts: true, find: specMismatch,
	},
	{
		Kind: DiskFailing, Title: "Disk is failing", Severity: Broken, Verbs: []Verb{Light, Recheck},
		Means:     "A disk of it says that it is about to fail, has sectors that cannot be read, or is worn out. A machine in use keeps its disk until somebody acts; no other one becomes available with it.",
		FromFacts: true, find: diskFailing,
	},
	{
		Kind: CheckFailed, Title: "Failed its check", Severity: Asks, Verbs: []Verb{Check, Waive, Light},
		Means: "A part of it is bad, or worse than those that are like it. Put the part right, or replace it, and check it again.",
		find:  checkFailed,
	},
	{
		Kind: LocationMismatch, Title: "Wrong place", Severity: Asks, Verbs: []Verb{Light},
		Means: "The network or the rack that it is in belongs to another site than its record says.",
		find:  locationMismatch,
	},
	{
		Kind: WrongSwitchPort, Title: "Wrong switch port", Severity: Asks, Verbs: []Verb{AcceptPort, Light},
		Means: "It was seen on another switch port than the plan says: move the cable, or change the plan.",
		find:  wrongSwitchPort,
	},
	{
		Kind: NoBootRequest, Title: "Switched on, not heard", Severity: Broken, Verbs: []Verb{Power, BMCLogin},
		Means: "It was switched on and asked for no boot: it does not run, hangs in its firmware, has no cable or no DHCP relay, or its management controller says yes and does nothing.",
		find:  diagnosed(NoBootRequest),
	},
	{
		Kind: NoAddress, Title: "DHCP but no address", Severity: Broken, Verbs: []Verb{Power, Light},
		Means: "It asks for an address and gets none of ours: its network is not configured, its ranges are full, the address is somebody's, or another DHCP server answers.",
		find:  diagnosed(NoAddress),
	},
	{
		Kind: NoBootFile, Title: "DHCP but no boot file", Severity: Broken, Verbs: []Verb{Power, Light},
		Means: "It got an address and the name of a boot loader, and never fetched it: a firmware of another kind, TFTP blocked on the way, or a switch port that forwards too late (spanning tree).",
		find:  noBootFile,
	},
	{
		Kind: NoCallback, Title: "Boot file but no callback", Severity: Broken, Verbs: []Verb{Power, Light},
		Means: "It fetched the agent and never reported: the kernel does not know its network card, it hangs, or the network drops its packets.",
		find:  noCallback,
	},
	{
		Kind: BadImage, Title: "Image is not the catalogue's", Severity: Broken,
		Means: "What the agent was sent does not have the hash that the catalogue says, and nothing boots from it.",
		find:  diagnosed(BadImage),
	},
	{
		Kind: WrongBoot, Title: "Wrong boot order", Severity: Broken, Verbs: []Verb{Power, Light},
		Means: "It boots something else than it was told: from the network again where its disk is due, or its disk where it was to boot from the network.",
		find:  diagnosed(WrongBoot),
	},
	{
		Kind: WrongClock, Title: "Wrong clock", Severity: Asks, Verbs: []Verb{Light},
		Means: "Its clock is more than two minutes off. Certificates are judged by it, and a flat battery comes before a forgotten boot order.",
		find:  diagnosed(WrongClock),
	},
	{
		Kind: Silent, Title: "Silent", Severity: Broken, Verbs: []Verb{Power, Light},
		Means: "Its agent in memory was not heard for more than five minutes: it hangs, lost its network, or was switched off.",
		find:  silent,
	},
	{
		Kind: AgentCrashed, Title: "Agent crashed", Severity: Asks, Verbs: []Verb{Power, Light},
		Means: "Its agent ended by an error and was started again; its last words are in the timeline. This is over when the agent was heard for an hour without another crash, or the installed system called home.",
		find:  agentCrashed,
	},
	{
		Kind: StolenToken, Title: "Two speak as one", Severity: Broken, Verbs: []Verb{Power, Light},
		Means: "Another agent showed the boot token of this machine with another key, or the agent of an earlier boot still speaks: somebody else booted as this machine, or the wire was read. The boot that it happened to gets no secret. This is over a day after the last sign, and once the machine has booted anew.",
		find:  stolenToken,
	},
	{
		Kind: CrashLoop, Title: "Crash loop", Severity: Broken, Verbs: []Verb{MarkBroken, Light},
		Means: "It boots again and again and gets no further.",
		find:  crashLoop,
	},
	{
		Kind: GateClosed, Title: "Gate stays closed", Severity: Broken, Verbs: []Verb{AskGate, PassGate},
		Means: "A system outside that must agree before it goes on said no, or nothing in time. It stays where it is.",
		find:  gateClosed,
	},
	{
		Kind: Stuck, Title: "Stuck", Severity: Broken, Verbs: []Verb{Power, Light},
		Means: "It is in a status that should pass by itself for longer than that takes.",
		find:  stuck,
	},
	{
		Kind: LastEventError, Title: "Last job failed", Severity: Asks, Verbs: []Verb{Install},
		Means: "The last thing that was done to it failed, and nothing was done since.",
		find:  lastEventError,
	},
	{
		Kind: FailedReclaim, Title: "Failed reclaim", Severity: Broken, Verbs: []Verb{Power, Light},
		Means: "It was taken back from its owner, but an installed system still runs on it.",
		find:  failedReclaim,
	},
	{
		Kind: BMCNoIP, Title: "BMC without address", Severity: Asks, Verbs: []Verb{BMCLogin, Light},
		Means:     "It has a management controller, but no address of it is known: it cannot be switched from here.",
		FromFacts: true, find: bmcNoIP,
	},
	{
		Kind: BMCDuplicate, Title: "BMC address twice", Severity: Broken, Verbs: []Verb{BMCLogin},
		Means: "Several machines have BMCs of one address: whoever switches one may switch the other.",
		find:  bmcDuplicate,
	},
	{
		Kind: BMCAuth, Title: "BMC refuses the log-in", Severity: Asks, Verbs: []Verb{BMCLogin},
		Means: "Its management controller refused the log-in; it is not tried again, so that the account is not locked.",
		find:  bmcAuth,
	},
	{
		Kind: BMCUnreachable, Title: "BMC does not answer", Severity: Asks, Verbs: []Verb{BMCLogin},
		Means: "Its management controller does not answer: it hangs, its cable is out, or its address changed.",
		find:  bmcUnreachable,
	},
	{
		Kind: BMCInfoOld, Title: "BMC not heard for long", Severity: Asks, Verbs: []Verb{BMCLogin},
		Means: "What is known from its management controller is older than a day.",
		find:  bmcInfoOld,
	},
	{
		Kind: BMCDefault, Title: "BMC takes a default log-in", Severity: Asks, Verbs: []Verb{BMCAdopt, BMCLogin},
		Means:     "Whoever knows the model can log in to its management controller: with the vendor's default, or without a name.",
		FromFacts: true, find: bmcDefault,
	},
	{
		Kind: PowerMismatch, Title: "Power mismatch", Severity: Broken, Verbs: []Verb{Power, Light},
		Means: "What its management controller says of the power does not agree with what the machine does: it should run and is off, or the controller is another machine's.",
		find:  powerMismatch,
	},
	{
		Kind: DNSMissing, Title: "Not in the DNS", Severity: Broken,
		Means: "It has a host name that the DNS does not answer.",
		find:  dnsMissing,
	},
	{
		Kind: OrphanName, Title: "Orphan name", Severity: Asks, Verbs: []Verb{Install},
		Means: "It keeps a host name that nobody else can have, and nobody uses the machine.",
		find:  orphanName,
	},
	{
		Kind: ImageOld, Title: "Old image", Severity: Asks, Verbs: []Verb{Install},
		Means: "What is installed on it is not in the catalogue any more, or was replaced long ago.",
		find:  imageOld,
	},
	{
		Kind: PuppetNeverRan, Title: "Puppet never ran", Severity: Asks,
		Means:       "Its configuration management never reported.",
		NotComputed: "Firstlight does not hear from Puppet: nothing collects its reports.",
	},
	{
		Kind: EraseFailed, Title: "Erase failed", Severity: Broken, Verbs: []Verb{Erase, Unfence},
		Means: "A disk of it is not proven erased. It is fenced: it boots nothing but the agent, gets no ordinary address and is given to nobody. Erase it again, or destroy the disk and take the fence away.",
		find:  eraseFailed,
	},
	{
		Kind: BrokenMachine, Title: "Broken", Severity: Broken, Verbs: []Verb{Recheck, Repair},
		Means: "It cannot be trusted and waits for a person who repairs it, checks it again or gives it up.",
		find:  broken,
	},
	{
		Kind: RepairReminder, Title: "Long in repair", Severity: Asks, Verbs: []Verb{Repaired, Light},
		Means: "It is in repair for more than three days.",
		find:  repairReminder,
	},
	{
		Kind: RetiredSeen, Title: "Retired, but seen", Severity: Asks, Verbs: []Verb{Light},
		Means: "It left the fleet, and still asks for a boot or speaks.",
		find:  retiredSeen,
	},
	{
		Kind: Frozen, Title: "Frozen", Severity: Asks,
		Means: "An older database was restored, and the machine has not shown since that it agrees with its record; nothing touches it until it does.",
		find:  frozen,
	},
	{
		Kind: RogueDHCP, Title: "Another DHCP server", Severity: Broken, OfNetwork: true,
		Means: "A DHCP server that is not ours answers machines on a subnet that we serve: some of them get addresses and boot files from it. Find it by its MAC in the switches and take it off the network, or name it in the configuration as a peer.",
	},
}
