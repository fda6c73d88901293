package server_test

// ourPackages has one row per package of the module. A package may import less
// than its row says, never more.
var ourPackages = map[string]row{
	// Words.
	"server/machine": {pure: true, why: words},
	"server/declare": {ours: []string{"server/machine"}, pure: true, why: words},
	"server/journal": {ours: []string{"server/machine"}, pure: true, why: words},
	"agent/report":   {pure: true, why: words + "; it is the only package that agent and server share"},

	// Decisions. server/oob counts as one: it reaches BMCs only through the
	// interface that it declares.
	"server/frame":       {pure: true, why: "packets on the wire know nothing of who sends them"},
	"server/boot":        {ours: []string{"server/machine"}, pure: true, why: decisions},
	"server/diagnosis":   {ours: []string{"server/journal", "server/machine"}, pure: true, why: decisions},
	"server/replay":      {ours: []string{"server/boot", "server/discovery", "server/machine"}, pure: true, why: decisions + "; it asks boot and discovery once more"},
	"server/trust":       {pure: true, why: decisions},
	"server/bundle":      {ours: []string{"server/boot", "server/frame", "server/journal", "server/machine"}, pure: true, why: "a file about one machine knows words and records; who gathers or plays it is not its business"},
	"server/bootpath":    {ours: []string{"server/bootclock", "server/journal"}, pure: true, why: decisions + "; bootclock knows the order of rows"},
	"server/bootclock":   {ours: []string{"server/journal", "server/machine"}, pure: true, why: decisions},
	"server/exchange":    {ours: []string{"server/frame", "server/journal", "server/machine"}, pure: true, why: decisions + "; what both versions of DHCP remember of their clients stands once"},
	"server/lease":       {ours: []string{"server/machine"}, pure: true, why: decisions},
	"server/discovery":   {ours: []string{"agent/report", "server/machine"}, pure: true, why: decisions},
	"server/delivery":    {ours: []string{"server/discovery", "server/machine"}, pure: true, why: decisions},
	"server/handover":    {ours: []string{"server/machine"}, pure: true, why: decisions},
	"server/zone":        {ours: []string{"server/machine"}, pure: true, why: decisions},
	"server/whereabouts": {ours: []string{"server/discovery", "server/machine"}, pure: true, why: decisions},
	"server/verdict":     {ours: []string{"agent/report", "server/machine"}, pure: true, why: decisions + "; what agents measure has the words of the wire"},
	"server/issue":       {ours: []string{"server/boot", "server/diagnosis", "server/discovery", "server/machine", "server/whereabouts"}, pure: true, why: decisions + "; boot's words say what a machine was given"},
	"server/oob":         {why: decisions},

	// Configuration: a file becomes checked values.
	"server/config": {ours: []string{"server/machine", "server/oob", "server/trust"}, why: "only config and commands know files and flags; what they mean is said elsewhere"},

	// State.
	"server/backup":         {why: "the format of backups knows columns and bytes; what they mean, it does not know"},
	"server/certificate":    {ours: []string{"agent/report"}, pure: true, why: decisions + "; it knows the ways to erase by their words on the wire"},
	"server/serverdb/store": {ours: []string{"server/backup", "server/journal", "server/lease", "server/machine"}, why: state},
	"server/serverdb/storetest": {ours: []string{
		"server/journal", "server/lease", "server/machine", "server/serverdb/pgtest", "server/serverdb/store",
	}, why: suite},
	"server/serverdb/pgtest": {why: "PostgreSQL for tests knows nothing of what is kept in it"},
	"server/serverdb": {ours: []string{
		"agent/report", "server/auth", "server/backup", "server/boot", "server/delivery", "server/discovery", "server/journal", "server/lease",
		"server/machine", "server/serverdb/store", "server/trust", "server/whereabouts",
	}, why: state},
	"server/auth":          {why: "accounts and sessions know nothing of machines nor of pages"},
	"server/auth/authtest": {ours: []string{"server/auth"}, why: suite},

	// Adapters for machines.
	"server/dhcp":  {ours: []string{"server/boot", "server/exchange", "server/frame", "server/journal", "server/lease", "server/machine"}, why: adapters},
	"server/dhcp6": {ours: []string{"server/boot", "server/exchange", "server/frame", "server/journal", "server/lease", "server/machine"}, why: adapters},
	"server/tftp":  {ours: []string{"server/journal", "server/machine"}, why: adapters},
	"server/dns":   {ours: []string{"server/journal", "server/machine", "server/zone"}, why: adapters},

	"server/httpboot": {ours: []string{
		"agent/report", "ipxe/script", "server/boot", "server/discovery", "server/journal", "server/machine", "server/trust",
	}, why: adapters},

	// Adapters for BMCs.
	"server/oob/redfish":    {ours: []string{"server/oob"}, why: adapters},
	"server/oob/ipmi":       {ours: []string{"server/oob"}, why: adapters},
	"server/oob/bmcsim":     {ours: []string{"server/oob"}, why: adapters},
	"server/oob/credential": {ours: []string{"server/oob"}, why: adapters},
	"server/oob/oobtest":    {ours: []string{"server/oob"}, why: suite},

	"server/oob/login": {ours: []string{
		"server/journal", "server/machine", "server/oob", "server/oob/credential", "server/oob/ipmi", "server/oob/redfish",
	}, why: "which log-in a machine's BMC takes; the one place that joins credentials with protocols"},

	// Jobs work on machines through ServerDb and BMCs.
	"server/jobs": {ours: []string{
		"agent/report", "server/boot", "server/certificate", "server/discovery", "server/journal", "server/machine", "server/oob",
		"server/serverdb", "server/trust", "server/verdict", "server/zone",
	}, why: "jobs change machines through ServerDb and BMCs through oob; they speak no protocol themselves"},

	"server/inspect": {ours: []string{
		"server/diagnosis", "server/issue", "server/journal", "server/machine", "server/serverdb", "server/whereabouts",
	}, why: "it looks at machines through ServerDb and writes nothing but issues; what others know is handed in"},

	"server/gate": {ours: []string{
		"server/journal", "server/machine", "server/oob", "server/oob/credential", "server/serverdb",
	}, why: "it speaks with systems outside and with ServerDb; of oob it needs what seals secrets alone"},

	// What people and programs may ask for, and how the appliance is.
	"server/operate": {ours: []string{
		"agent/report", "server/auth", "server/boot", "server/bootclock", "server/bootpath", "server/bundle", "server/declare", "server/delivery", "server/diagnosis", "server/discovery", "server/frame", "server/gate", "server/handover", "server/issue", "server/jobs", "server/journal", "server/machine", "server/oob", "server/replay", "server/serverdb", "server/whereabouts",
	}, why: "every verb goes through the desk; it knows none of the doors that it stands behind"},
	"server/health": {why: "parts register what to look at; it knows none of them"},

	// The people's door.
	"server/ca": {why: "keys and certificates know nothing of what they protect"},
	"server/api": {ours: []string{
		"agent/report", "server/auth", "server/bootpath", "server/bundle", "server/certificate", "server/declare", "server/delivery", "server/diagnosis", "server/frame", "server/gate", "server/handover", "server/health", "server/issue", "server/journal", "server/lease", "server/machine", "server/oob", "server/operate", "server/replay", "server/serverdb", "server/trust", "server/whereabouts",
	}, why: "the API shows ServerDb and hands every verb to operate; it knows no adapter and no page"},
	"web": {ours: []string{
		"agent/report", "server/auth", "server/boot", "server/bootclock", "server/bootpath", "server/certificate", "server/declare", "server/delivery", "server/diagnosis", "server/discovery", "server/frame", "server/issue", "server/journal", "server/lease", "server/machine", "server/oob", "server/replay", "server/trust", "server/whereabouts",
		"web/reference",
	}, why: adapters},
	"web/reference": {pure: true, why: "a document becomes what a page shows; it knows the API by its document alone"},

	// The agent.
	"agent":             {ours: []string{"agent/appliance", "agent/console", "agent/logbook", "agent/patience", "agent/report"}, why: agentSide},
	"agent/adopt":       {ours: []string{"agent/appliance", "agent/report"}, why: agentSide},
	"agent/appliance":   {ours: []string{"agent/identity", "agent/report"}, why: agentSide},
	"agent/blockdev":    {why: agentSide},
	"agent/bmc":         {ours: []string{"agent/plan", "agent/report"}, why: agentSide},
	"agent/check":       {ours: []string{"agent/passthrough", "agent/patience", "agent/report"}, why: agentSide + "; and it may never reach a package that opens disks for writing"},
	"agent/collect":     {ours: []string{"agent/bmc", "agent/efiboot", "agent/passthrough", "agent/report", "agent/smart"}, why: agentSide},
	"agent/console":     {why: agentSide},
	"agent/crash":       {ours: []string{"agent/appliance", "agent/patience", "agent/report"}, why: agentSide},
	"agent/efiboot":     {why: agentSide},
	"agent/erase":       {ours: []string{"agent/blockdev", "agent/gpt", "agent/passthrough", "agent/patience", "agent/plan", "agent/report"}, why: agentSide},
	"agent/facts":       {ours: []string{"agent/bmc", "agent/collect", "agent/passthrough", "agent/report", "agent/signature"}, why: agentSide},
	"agent/gpt":         {why: agentSide},
	"agent/hotplug":     {why: agentSide},
	"agent/identity":    {ours: []string{"agent/report"}, why: agentSide},
	"agent/install":     {ours: []string{"agent/appliance", "agent/blockdev", "agent/efiboot", "agent/gpt", "agent/patience", "agent/plan", "agent/report"}, why: agentSide},
	"agent/lldp":        {ours: []string{"agent/patience", "agent/report"}, why: agentSide},
	"agent/logbook":     {ours: []string{"agent/appliance", "agent/patience", "agent/report"}, why: agentSide},
	"agent/network":     {ours: []string{"agent/patience"}, why: agentSide},
	"agent/passthrough": {why: agentSide},
	"agent/patience":    {why: "waiting knows nothing of what is waited for"},
	"agent/plan":        {ours: []string{"agent/appliance", "agent/patience", "agent/report"}, why: agentSide},
	"agent/smart":       {ours: []string{"agent/passthrough", "agent/report"}, why: agentSide},
	"agent/signature":   {ours: []string{"agent/gpt", "agent/report"}, why: agentSide},
	"agent/watchdog":    {why: agentSide},
	"agent/pid1": {ours: []string{
		"agent", "agent/appliance", "agent/bmc", "agent/check", "agent/collect", "agent/console", "agent/crash", "agent/efiboot", "agent/erase", "agent/facts", "agent/hotplug",
		"agent/identity", "agent/install", "agent/lldp", "agent/logbook", "agent/network", "agent/report", "agent/watchdog",
	}, why: agentSide},
	"agent/blockdev/blockdevtest": {why: "devices for tests know nothing of what is done to them"},

	// What machines are given.
	"ipxe":                           {why: carried},
	"ipxe/script":                    {why: carried},
	"images/bootimage":               {why: carried},
	"images/bootimage/initramfs":     {why: carried},
	"images/bootimage/build":         {ours: []string{"images/bootimage", "images/bootimage/initramfs"}, why: carried},
	"images/bootimage/boottest":      {why: carried},
	"agent/smart/smarttest":          {why: suite},
	"images/bootimage/bootimagetest": {ours: []string{"images/bootimage"}, why: suite},
	"images/embedded":                {why: carried},

	// The virtual rack.
	"server/virtualrack/console":         {why: "a console's lines know nothing of who writes them"},
	"server/virtualrack/netns":           {why: "namespaces know nothing of what runs in them"},
	"server/virtualrack/netns/netnstest": {ours: []string{"server/virtualrack/netns"}, why: suite},
	"server/virtualrack/qemu": {ours: []string{
		"server/machine", "server/oob", "server/virtualrack/console",
	}, why: "a machine knows its power button and its console, not who presses or reads"},
	"server/virtualrack/light": {ours: []string{
		"agent", "agent/appliance", "agent/check", "agent/console", "agent/crash", "agent/efiboot", "agent/erase", "agent/gpt", "agent/identity", "agent/install", "agent/lldp", "agent/logbook", "agent/passthrough", "agent/patience", "agent/pid1", "agent/report", "agent/signature",
		"server/machine", "server/oob", "server/virtualrack/console",
	}, why: "a light machine is the agent's own code behind the rack's protocols, and knows the appliance by these only"},
	"server/serverdb/fleet": {ours: []string{"server/boot", "server/delivery", "server/journal", "server/machine", "server/serverdb", "server/serverdb/store"}, why: "a made-up fleet is written where the real one is kept, and known to tests and comparisons alone"},
	"server/virtualrack/bench": {ours: []string{
		"agent/report", "server/boot", "server/config", "server/machine", "server/serverdb", "server/serverdb/fleet", "server/virtualrack", "server/virtualrack/qemu", "server/virtualrack/storm",
	}, why: "a comparison fills ServerDb while the appliance is stopped, and then knows it by its protocols only"},
	"server/virtualrack": {ours: []string{
		"agent/lldp", "agent/report", "server/machine", "server/oob", "server/oob/bmcsim", "server/oob/redfish",
		"server/virtualrack/console", "server/virtualrack/light", "server/virtualrack/netns", "server/virtualrack/qemu",
	}, why: "the rack stands outside the appliance and speaks with it by its protocols only"},

	"server/virtualrack/storm": {ours: []string{
		"server/machine", "server/virtualrack", "server/virtualrack/light", "server/virtualrack/netns",
	}, why: "machines of a storm know the appliance by its protocols only"},

	"server/virtualrack/replay": {ours: []string{
		"server/boot", "server/bundle", "server/frame", "server/journal", "server/machine", "server/serverdb/store",
	}, why: "it puts a recorded machine's record into the ServerDb of a stopped appliance, and then knows it by its protocols only"},

	"server/virtualrack/e2e": {why: suite},

	// Wiring and commands.
	"server": {ours: []string{
		"images/bootimage", "ipxe", "ipxe/script", "server/api", "server/auth", "server/backup", "server/boot", "server/bootclock", "server/bootpath", "server/ca", "server/certificate", "server/config",
		"server/dhcp", "server/dhcp6", "server/diagnosis", "server/dns", "server/frame", "server/gate", "server/health", "server/httpboot", "server/inspect", "server/issue", "server/jobs", "server/journal", "server/machine", "server/oob",
		"server/oob/credential", "server/oob/login", "server/operate", "server/replay", "server/serverdb", "server/tftp", "server/zone", "web",
	}, why: wiring},
	"cmd/virtualrack": {ours: []string{
		"server/bundle", "server/frame", "server/machine", "server/virtualrack", "server/virtualrack/bench", "server/virtualrack/light", "server/virtualrack/netns", "server/virtualrack/qemu",
		"server/virtualrack/replay", "server/virtualrack/storm",
	}, why: command},
	"cmd/firstlight": {ours: []string{
		"cmd/firstlight/client", "cmd/firstlight/complete", "cmd/version", "cmd/firstlight/doctor", "cmd/firstlight/logins", "cmd/firstlight/output", "images/embedded", "ipxe", "server", "server/api", "server/backup", "server/certificate", "server/config", "server/declare",
		"server/health", "server/machine",
	}, why: command},
	"cmd/firstlight/client":   {ours: []string{"server/api", "server/auth"}, why: "the client speaks the API's types to the API, and nothing else"},
	"cmd/firstlight/complete": {ours: []string{"server/machine"}, why: "it reads the model of the commands and knows none of them; names come from a function"},
	"cmd/firstlight/logins":   {why: "a list is read without knowing who gives its log-ins to whom"},
	"cmd/firstlight/output":   {why: "printing knows no command and no appliance, so that every command prints alike"},
	"cmd/firstlight/debian":   {why: "the package is built by a script; only its tests are Go"},
	"cmd/firstlight/doctor":   {ours: []string{"images/bootimage", "ipxe", "server/config", "server/machine", "server/serverdb"}, why: "it looks at a host, a configuration and what stands in a database; what serves is not its business"},
	"cmd/version":             {why: "which build a program is; it knows no program"},
	"cmd/firstlight-agent": {ours: []string{
		"agent/adopt", "agent/appliance", "agent/collect", "agent/facts", "agent/pid1", "agent/report", "cmd/version",
	}, why: command + "; " + agentSide},
}
