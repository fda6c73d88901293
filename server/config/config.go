package config

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/trust"
)

// Config is a checked configuration.
type Config struct {
	// State is the folder of database, keys and images.
	State string
	// Database is the URL of a PostgreSQL database; empty: SQLite in State.
	Database   string
	Interfaces []Interface
	HTTPPort   int // of the machines' door
	HTTPSPort  int // of the machines' door over HTTPS; 0: there is none
	People     People
	DHCP       DHCP
	TFTP       TFTP
	DNS        DNS
	Site       Site
	Vendors    []Vendor
	Trust      trust.Policy // the rung that each secret needs
	Subnets    []*machine.Subnet
	Rules      []*machine.Rule
	SSHKeys    []string      // may log in to what is installed
	Retention  time.Duration // of the journal
	Audit      time.Duration // how long the audit is kept
	Log        Log
}

// Interface is where machines boot from.
type Interface struct {
	Name string
	// Address is the appliance's own there, of IPv4. Bind fills in the first one
	// that the interface has where the file says nothing.
	Address netip.Addr
	// Address6 is the same of IPv6. Without one of the two there is no IPv4 or no
	// IPv6 on this interface, which is no error.
	Address6 netip.Addr

	line int
	key  string
}

// People is the people's door.
type People struct {
	Listen string   // host:port, or fd:NAME for a socket that systemd opened
	Names  []string // in the certificate, beside the address
}

// DHCP is what holds on every subnet.
type DHCP struct {
	Peers     []netip.Addr // who may answer beside us
	OwnLoader bool         // an iPXE in a card's ROM gets our loader before its script
}

// TFTP bounds transfers.
type TFTP struct{ Transfers, PerSource int }

// DNS says where names are answered.
type DNS struct {
	Listen []netip.AddrPort // empty: port 53 of every interface's address
	NSID   string
}

// Site is what belongs to the site as a whole.
type Site struct {
	Name      string
	Domain    string // of subnets that name none
	Hostnames string // pattern
	BMC       *Login // nil: the site has no default log-in
}

// Login is a log-in to BMCs.
type Login struct {
	User     string
	Password oob.Secret

	file string
	line int
	key  string
}

// Vendor is a default log-in of one vendor's BMCs.
type Vendor struct {
	Vendor, Product string
	Login
}

// Log says what is logged, and how.
type Log struct {
	Level slog.Level
	JSON  bool
}

// Load reads the file, and the files with passwords that it names.
func Load(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w: write one with firstlight init", err)
	}
	c, err := Parse(path, text)
	if err != nil {
		return nil, err
	}
	return c, c.secrets(path)
}

// Parse checks the text of a configuration. Relative paths in it are taken
// from the folder of file. The error is Problems.
func Parse(file string, text []byte) (*Config, error) {
	c, _, err := read(file, text)
	return c, err
}

// read also gives the keys that were asked for.
func read(file string, text []byte) (*Config, map[string]bool, error) {
	root, err := parse(file, text)
	if err != nil {
		return nil, nil, err
	}
	r := &reader{file: file, asked: map[string]bool{}}
	s := r.section("", root)
	c := &Config{}
	c.readDoors(s)
	c.readSite(s)
	c.readNetworks(s)
	c.readRest(s)
	s.done()
	if err := r.problems.orNil(); err != nil {
		return nil, r.asked, err
	}
	return c, r.asked, nil
}

func (c *Config) readDoors(s *section) {
	s.need("interfaces", "at least one interface that machines boot from")
	s.each("interfaces", func(i *section) {
		i.need("name", "an interface such as eth1")
		c.Interfaces = append(c.Interfaces, Interface{
			Name: one(i, "name", "", ifaceName), Address: one(i, "address", netip.Addr{}, addr4),
			Address6: one(i, "address6", netip.Addr{}, addr6),
			line:     i.lineOf("name"), key: i.at("name"),
		})
	})
	m := s.sub("machines")
	c.HTTPPort = one(m, "http_port", 80, between(1, 65535))
	c.HTTPSPort = one(m, "https_port", 0, between(0, 65535))
	m.done()
	p := s.sub("people")
	c.People = People{Listen: one(p, "listen", "127.0.0.1:8443", people), Names: many(p, "names", certName)}
	p.done()
	h := s.sub("dhcp")
	c.DHCP = DHCP{Peers: many(h, "peers", peer), OwnLoader: one(h, "own_loader", false, yesNo)}
	h.done()
	t := s.sub("tftp")
	c.TFTP = TFTP{Transfers: one(t, "transfers", 1024, between(1, 16384)), PerSource: one(t, "per_source", 8, between(1, 1024))}
	t.done()
	d := s.sub("dns")
	c.DNS = DNS{Listen: many(d, "listen", addrPort), NSID: one(d, "nsid", "", label)}
	d.done()
}

func (c *Config) readSite(s *section) {
	site := s.sub("site")
	c.Site = Site{
		Name: one(site, "name", "", label), Domain: one(site, "domain", "", domain),
		Hostnames: one(site, "hostnames", "<site>-<role>-<n>", pattern),
	}
	site.need("name", "the site's short name, such as lon6; host names are made of it")
	site.need("domain", "the domain of the machines' names, such as lon6.example.net")
	if n := site.value("bmc"); n != nil {
		l := readLogin(site.section(site.at("bmc"), n))
		c.Site.BMC = &l
	}
	site.done()
	s.each("vendors", func(v *section) {
		v.need("vendor", "the vendor as machines report it, such as \"Dell Inc.\"")
		c.Vendors = append(c.Vendors, Vendor{Vendor: one(v, "vendor", "", text), Product: one(v, "product", "", text), Login: readLogin(v)})
	})
}

func (c *Config) readRest(s *section) {
	c.State = one(s, "state", "/var/lib/firstlight", text)
	if !filepath.IsAbs(c.State) {
		c.State = filepath.Join(filepath.Dir(s.file), c.State)
	}
	c.Database = readDatabase(s)
	c.readTrust(s)
	i := s.sub("install")
	c.SSHKeys = many(i, "ssh_keys", sshKey)
	i.done()
	j := s.sub("journal")
	c.Retention = one(j, "retention", 30*24*time.Hour, atLeast(time.Hour))
	j.done()
	au := s.sub("audit")
	c.Audit = one(au, "retention", 2*365*24*time.Hour, atLeast(30*24*time.Hour))
	au.done()
	l := s.sub("log")
	c.Log = Log{Level: one(l, "level", slog.LevelInfo, level), JSON: one(l, "format", "text", oneOf("text", "json")) == "json"}
	l.done()
}
