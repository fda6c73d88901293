package server_test

// rules say how the tree may be. A test of the checker has its own.
type rules struct {
	top        []string          // what may stand at the top level besides dotfiles
	mayImport  map[string]row    // one row per package
	oneDoor    map[string]door   // who may import a heavy dependency, by prefix of its path
	mayExit    map[string]string // files besides cmd/*/main.go that may end the process, and why
	badNames   []string          // package names that say nothing
	impureStd  []string          // what a pure package may not import
	impureTime []string          // names of package time that read or wait for the clock
}

// row says what of ours a package may import and why not more.
type row struct {
	ours []string
	pure bool // words and decisions: no I/O, no clock, no log
	why  string
}

// door says which packages may import a heavy dependency: a folder, or
// everything below it where the name ends in a slash.
type door struct {
	in  []string
	why string
}

// The layers of the tree. Each only knows the ones above it in this list.
const (
	words     = "words know nothing: every layer speaks with them, so whatever they import, all import"
	decisions = "decisions know words only and do no I/O, so that a table can test them and a past can be replayed"
	state     = "state knows words and decisions; it never hears of an adapter, which subscribes or is handed a method"
	adapters  = "adapters know words and decisions, never one another nor serverdb: they declare the small interface they need and the wiring hands it in"
	agentSide = "the agent must not know the server, so that its binary stays small and old agents meet new servers over agent/report alone"
	carried   = "what is carried to machines knows nothing of who serves it"
	suite     = "a contract knows what it tests and nothing of who passes it"
	wiring    = "wiring and lifetime only: it may know all, nobody may know it but commands and the rack's tests"
	command   = "commands hold flags, signals and exit codes, and leave the work to packages"
)

var ourRules = rules{
	top: []string{
		"CHANGELOG.md", "LICENSE", "Makefile", "README.md", "go.mod", "go.sum",
		"agent", "cmd", "images", "ipxe", "server", "web",
	},
	mayExit: map[string]string{
		"images/bootimage/build/main.go": "a build tool that make runs and that no release carries",
	},
	badNames: []string{"common", "helper", "helpers", "model", "models", "types", "util", "utils"},
	impureStd: []string{
		"database/sql", "io/ioutil", "log", "log/slog", "math/rand", "math/rand/v2", "net", "net/http", "os", "os/exec", "syscall",
	},
	impureTime: []string{"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"},
	mayImport:  ourPackages,
	oneDoor: map[string]door{
		"database/sql":                        {in: []string{"server/serverdb/store"}, why: "one package speaks SQL, so that another database is one package's work"},
		"modernc.org/":                        {in: []string{"server/serverdb/store"}, why: "the SQL driver is the store's secret"},
		"github.com/jackc/":                   {in: []string{"server/serverdb/store"}, why: "the SQL driver is the store's secret"},
		"github.com/pressly/goose":            {in: []string{"server/serverdb/store"}, why: "migrations belong to the store"},
		"github.com/gin-gonic/":               {in: []string{"web"}, why: "web owns the Gin engine; machines' HTTP is net/http"},
		"github.com/danielgtaylor/huma":       {in: []string{"server/api"}, why: "one package describes the API; others speak to it over HTTP"},
		"github.com/stmcginnis/gofish":        {in: []string{"server/oob/redfish"}, why: "Redfish's words stop at its controller"},
		"github.com/miekg/dns":                {in: []string{"server/dns"}, why: "zones are data; one package turns them into messages"},
		"github.com/pin/tftp":                 {in: []string{"server/tftp", "server/virtualrack/"}, why: "one server, and the rack's clients"},
		"github.com/insomniacslk/dhcp":        {in: []string{"agent/network", "server/dhcp", "server/dhcp6", "server/virtualrack/", "cmd/firstlight/doctor"}, why: "the server, the agent's client, the rack's clients and doctor's question; nobody else sees packets"},
		"github.com/u-root/u-root/pkg/smbios": {in: []string{"agent/collect"}, why: "one reader of SMBIOS tables"},
		"github.com/u-root/u-root/pkg/cpio":   {in: []string{"images/bootimage/initramfs"}, why: "one writer of archives"},
		"github.com/diskfs/go-diskfs":         {in: []string{"agent/install", "server/virtualrack/light"}, why: "file systems are written by the installer alone, and by the rack that makes an image for it"},
		"github.com/goccy/go-yaml":            {in: []string{"cmd/firstlight", "server/config"}, why: "one reader of the configuration file, and one of the files that people hand to a command"},
		"github.com/vishvananda/":             {in: []string{"agent/facts", "agent/network", "server/virtualrack/"}, why: "links and namespaces are the agent's and the rack's"},
		"github.com/alecthomas/kong":          {in: []string{"cmd/"}, why: "flags belong to commands"},
		"github.com/chromedp/":                {why: "a browser is for tests only"},
		"github.com/google/go-cmp":            {in: []string{"server/auth/authtest", "server/oob/oobtest", "server/serverdb/storetest"}, why: "comparing with a report is for tests only"},
		"pgregory.net/rapid":                  {in: []string{"server/serverdb/storetest"}, why: "property testing is for tests only"},
		"go.uber.org/goleak":                  {why: "leak checking is for tests only"},
		"testing":                             {in: []string{"agent/blockdev/blockdevtest", "server/auth/authtest", "server/oob/oobtest", "server/serverdb/pgtest", "server/serverdb/storetest", "server/virtualrack/netns/netnstest"}, why: "only contract suites, and what starts a real peer for tests, are tests outside test files"},
	},
}
