package redfish

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/stmcginnis/gofish"
	"github.com/stmcginnis/gofish/schemas"

	"firstlight/server/oob"
)

// maxSystems is above the machines of the largest chassis; a BMC that lists more
// lists nonsense.
const maxSystems = 64

// system is what we read of a machine: gofish's view and the few things that it
// keeps to itself.
type system struct {
	*schemas.ComputerSystem
	more struct {
		Links    struct{ ManagedBy, Chassis []link }
		Settings struct{ SettingsObject link } `json:"@Redfish.Settings"`
		Boot     struct {
			Targets []string `json:"BootSourceOverrideTarget@Redfish.AllowableValues"`
		}
		Actions struct {
			Reset struct{ Target string } `json:"#ComputerSystem.Reset"`
		}
	}
}

type link struct {
	ID string `json:"@odata.id"`
}

// Identify proves the log-in and says whose BMC this is.
func (c *Controller) Identify(ctx context.Context) (oob.Identity, error) {
	var id oob.Identity
	err := c.do(ctx, "identify", func(api *gofish.APIClient) error {
		sys, err := readSystem(api, c.system)
		if err != nil {
			return err
		}
		id = oob.Identity{Vendor: sys.Manufacturer, Model: sys.Model, Serial: serialOf(c.vendor, sys), UUID: sys.UUID}
		if len(sys.more.Links.ManagedBy) == 0 {
			return nil
		}
		bmc, err := schemas.GetObject[schemas.Manager](api, sys.more.Links.ManagedBy[0].ID)
		if err != nil {
			return err
		}
		id.Firmware = bmc.FirmwareVersion
		return nil
	})
	return id, err
}

// findSystem walks from the service root, the only path that Redfish fixes
// (DSP0266 section 6.3), to the machine that is meant.
func (c *Controller) findSystem(api *gofish.APIClient) error {
	var root struct {
		Vendor  string
		Systems link
	}
	if err := get(api, schemas.DefaultServiceRoot, &root); err != nil {
		return err
	}
	c.vendor = root.Vendor
	paths, err := members(api, root.Systems.ID)
	if err != nil {
		return err
	}
	c.system, err = c.pick(api, paths)
	return err
}

// pick takes the only machine, or the one whose serial or UUID was asked for.
// Either is enough: some firmware shows its UUID in another byte order here than
// in SMBIOS. It never takes the first of several: "first" once was a GPU
// baseboard (NVIDIA HGX lists it beside the host).
func (c *Controller) pick(api *gofish.APIClient, paths []string) (string, error) {
	wanted := c.cfg.Serial != "" || c.cfg.UUID != ""
	if len(paths) == 1 && !wanted {
		return paths[0], c.prove(api, paths[0])
	}
	var found []string
	for _, path := range paths {
		sys, err := readSystem(api, path)
		if err != nil {
			return "", err
		}
		serial := serialOf(c.vendor, sys)
		if wanted && (same(serial, c.cfg.Serial) || same(sys.UUID, c.cfg.UUID)) {
			return path, nil
		}
		found = append(found, fmt.Sprintf("%q", short(serial, 64)))
	}
	if !wanted {
		return "", fmt.Errorf("%w: it serves %d machines (serials %s): say which one is meant by serial or UUID", errPlain, len(paths), strings.Join(found, ", "))
	}
	return "", fmt.Errorf("%w: it serves no machine with serial %q or UUID %q, only serials %s: check the BMC's address",
		errPlain, c.cfg.Serial, c.cfg.UUID, strings.Join(found, ", "))
}

// prove reads the machine once, so that a log-in that may list but not read is
// found at the log-in.
func (c *Controller) prove(api *gofish.APIClient, path string) error {
	_, err := readSystem(api, path)
	return err
}

func same(a, b string) bool {
	return b != "" && strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

// members lists a collection. gofish's own walk follows next links without end
// and fetches every member at once.
func members(api *gofish.APIClient, path string) ([]string, error) {
	var all []string
	for pages := 0; path != ""; pages++ {
		var page struct {
			Members []link
			Next    string `json:"Members@odata.nextLink"`
		}
		if err := get(api, path, &page); err != nil {
			return nil, err
		}
		for _, m := range page.Members {
			if m.ID != "" {
				all = append(all, m.ID)
			}
		}
		if len(all) > maxSystems || pages > maxSystems {
			return nil, fmt.Errorf("%w: it lists more than %d machines or pages", errPlain, maxSystems)
		}
		path = page.Next
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: it lists no machine", oob.ErrUnsupported)
	}
	return all, nil
}

func get(api *gofish.APIClient, path string, into any) error {
	resp, err := api.Get(path)
	if err != nil {
		return err
	}
	defer schemas.DeferredCleanupHTTPResponse(resp)
	return json.NewDecoder(resp.Body).Decode(into)
}

func readSystem(api *gofish.APIClient, path string) (*system, error) {
	cs, err := schemas.GetObject[schemas.ComputerSystem](api, path)
	if err != nil {
		return nil, err
	}
	s := &system{ComputerSystem: cs}
	if cs.ODataID == "" && cs.ID == "" {
		return nil, fmt.Errorf("%w: its machine is an empty resource", errPlain)
	}
	return s, json.Unmarshal(cs.RawData, &s.more)
}
