package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Place is where an appliance answers, and what to show it. It is also the
// form of client.json.
type Place struct {
	Socket    string `json:"socket,omitempty"`
	URL       string `json:"url,omitempty"`
	CAFile    string `json:"ca_file,omitempty"`
	TokenFile string `json:"token_file,omitempty"`
}

// System is what the search for an appliance looks at, so that tests can lay
// out their own.
type System struct {
	Getenv  func(string) string
	WorkDir string // where .run/client.json is looked for, and in its parents
	Config  string // the user's own folder, such as ~/.config/firstlight
	Socket  string // of an appliance on this host
}

// LocalSocket is where an appliance with the default state folder listens.
const LocalSocket = "/var/lib/firstlight/firstlight.sock"

// ErrNowhere means that no source names an appliance.
var ErrNowhere = errors.New("no appliance is known here: give --url or --socket, set FIRSTLIGHT_URL, or log in once with: firstlight login --url https://HOST:8443")

// Find says where the appliance is. The sources, the strongest first: flags,
// environment, .run/client.json here or above (a running virtual rack), the
// user's own client.json, and the socket of this host. A source adds what the
// ones before it left open, up to the first one that names an appliance; what
// weaker ones hold belongs to another appliance.
func (s System) Find(flags Place) (Place, error) {
	for _, source := range []func() (Place, error){
		func() (Place, error) { return flags, nil },
		s.environment,
		s.rack,
		func() (Place, error) { return readPlace(filepath.Join(s.Config, "client.json")) },
		s.local,
	} {
		p, err := source()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Place{}, err
		}
		flags = flags.or(p)
		if flags.Socket != "" || flags.URL != "" {
			return flags, flags.check()
		}
	}
	return Place{}, ErrNowhere
}

// or fills what p leaves open.
func (p Place) or(other Place) Place {
	fill := func(a *string, b string) {
		if *a == "" {
			*a = b
		}
	}
	fill(&p.Socket, other.Socket)
	fill(&p.URL, other.URL)
	fill(&p.CAFile, other.CAFile)
	fill(&p.TokenFile, other.TokenFile)
	return p
}

func (p Place) check() error {
	if p.Socket != "" && p.URL != "" {
		return fmt.Errorf("socket %s and url %s name two appliances: give one of them", p.Socket, p.URL)
	}
	return nil
}

func (s System) environment() (Place, error) {
	return Place{
		Socket: s.Getenv("FIRSTLIGHT_SOCKET"), URL: s.Getenv("FIRSTLIGHT_URL"),
		CAFile: s.Getenv("FIRSTLIGHT_CA_FILE"), TokenFile: s.Getenv("FIRSTLIGHT_TOKEN_FILE"),
	}, nil
}

// rack finds the virtual rack that was started in this checkout.
func (s System) rack() (Place, error) {
	for dir := s.WorkDir; dir != ""; dir = filepath.Dir(dir) {
		p, err := readPlace(filepath.Join(dir, ".run", "client.json"))
		if !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return p, err
		}
	}
	return Place{}, nil
}

// local takes the socket of this host if this user may speak through it.
func (s System) local() (Place, error) {
	if !writable(s.Socket) {
		return Place{}, nil
	}
	return Place{Socket: s.Socket}, nil
}

// readPlace reads a client.json; its paths are relative to its folder.
func readPlace(path string) (Place, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Place{}, err
	}
	var p Place
	if err := json.Unmarshal(text, &p); err != nil {
		return Place{}, fmt.Errorf("%s is not a client.json (%w): remove it, or log in again with: firstlight login", path, err)
	}
	for _, f := range []*string{&p.Socket, &p.CAFile, &p.TokenFile} {
		if *f != "" && !filepath.IsAbs(*f) {
			*f = filepath.Join(filepath.Dir(path), *f)
		}
	}
	return p, nil
}
