package redfish

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/stmcginnis/gofish"
	"github.com/stmcginnis/gofish/schemas"

	"firstlight/server/oob"
)

// maxChassis is more than one machine stands in: a sled, its enclosure, a rack.
const maxChassis = 8

// panel is what a resource, the machine or its chassis, has of an identify light.
// LocationIndicatorActive took the place of IndicatorLED in 2020 (ComputerSystem
// v1.13, Chassis v1.14). HPE's iLO 6 has it on the chassis alone (its resource
// definitions, 1.64), IBM's OpenBMC has both there (ibm-openbmc/bmcweb#560),
// Lenovo's XCC the older one there, Fujitsu's iRMC the older one on the machine.
type panel struct {
	path string
	sys  *system // whose light it is

	ETag                    string `json:"@odata.etag"`
	LocationIndicatorActive *bool
	IndicatorLED            schemas.IndicatorLED
	Links                   struct{ ComputerSystems []link }
}

// Indicator says what the identify light does now.
func (c *Controller) Indicator(ctx context.Context) (oob.Indicator, error) {
	var is oob.Indicator
	err := c.do(ctx, "read the identify light at", func(api *gofish.APIClient) error {
		p, err := c.findPanel(api)
		is = c.shown(p)
		return err
	})
	return is, err
}

// SetIndicator sets the identify light and reads it back: an OK alone proves
// nothing. A light that only knows on and off is taken at that.
func (c *Controller) SetIndicator(ctx context.Context, want oob.Indicator) error {
	if want != oob.IndicatorOff && !want.On() {
		return fmt.Errorf("set the identify light at BMC %s: %q is none of %q, %q and %q", c.host, want, oob.IndicatorOff, oob.IndicatorBlinking, oob.IndicatorLit)
	}
	return c.do(ctx, "set the identify light at", func(api *gofish.APIClient) error {
		p, err := c.findPanel(api)
		if err != nil || c.shown(p) == want {
			return err
		}
		if err := c.light(api, p, want); err != nil {
			return err
		}
		return readBack(ctx, c.cfg.Settle, "identify light", want, func() (oob.Indicator, bool, error) {
			p, err := c.findPanel(api)
			got := c.shown(p)
			return got, got != oob.IndicatorUnknown && got.On() == want.On(), err
		})
	})
}

// findPanel looks at the machine first, then at the chassis that it has for
// itself: the light of an enclosure with other machines in it points at all of
// them. Lenovo's blades list both (ansible/ansible#65943).
func (c *Controller) findPanel(api *gofish.APIClient) (panel, error) {
	sys, err := readSystem(api, c.system)
	if err != nil {
		return panel{}, err
	}
	all := []panel{{path: c.system, sys: sys}}
	if err := json.Unmarshal(sys.RawData, &all[0]); err != nil || all[0].LocationIndicatorActive != nil {
		return all[0], err
	}
	for _, chassis := range sys.more.Links.Chassis[:min(maxChassis, len(sys.more.Links.Chassis))] {
		p := panel{path: chassis.ID, sys: sys}
		if err := get(api, p.path, &p); err != nil {
			return panel{}, err
		}
		if len(p.Links.ComputerSystems) <= 1 {
			all = append(all, p)
		}
	}
	return best(all)
}

// best prefers the newer property, wherever it is, and the machine's own to its
// chassis'.
func best(all []panel) (panel, error) {
	for _, p := range all {
		if p.LocationIndicatorActive != nil {
			return p, nil
		}
	}
	for _, p := range all {
		if p.IndicatorLED != "" {
			return p, nil
		}
	}
	return panel{}, fmt.Errorf("%w: it has no identify light for this machine", oob.ErrUnsupported)
}

// shown is what the light does. Where both properties are there, the older one
// says in which way it is on.
func (c *Controller) shown(p panel) oob.Indicator {
	on := p.LocationIndicatorActive
	switch led := p.IndicatorLED; {
	case on != nil && !*on:
		return oob.IndicatorOff
	case led == schemas.BlinkingIndicatorLED:
		return oob.IndicatorBlinking
	case on != nil:
		return oob.IndicatorLit
	case led == c.resting(p):
		return oob.IndicatorOff
	case led == schemas.LitIndicatorLED:
		return oob.IndicatorLit
	}
	return oob.IndicatorUnknown
}

// resting is what an IndicatorLED does while nobody looks for the machine. Dell's
// is lit then; it takes "Lit" to end the blinking, and no "Off" (Dell's
// SetChassisIndicatorLedREDFISH.py 3.0).
func (c *Controller) resting(p panel) schemas.IndicatorLED {
	if p.sys != nil && madeBy("dell", c.vendor, p.sys) {
		return schemas.LitIndicatorLED
	}
	return schemas.OffIndicatorLED
}

// light sends the change. Which of lit and blinking an IndicatorLED takes is the
// board's own: it refuses the other with 400 (Redfish Resource schema, IndicatorLED).
func (c *Controller) light(api *gofish.APIClient, p panel, want oob.Indicator) error {
	if p.LocationIndicatorActive != nil {
		return c.send(api, p, "LocationIndicatorActive", want.On())
	}
	ways := []schemas.IndicatorLED{schemas.BlinkingIndicatorLED, schemas.LitIndicatorLED}
	switch {
	case want == oob.IndicatorOff:
		ways = []schemas.IndicatorLED{c.resting(p)}
	case c.resting(p) == schemas.LitIndicatorLED:
		ways = ways[:1]
	case want == oob.IndicatorLit:
		ways[0], ways[1] = ways[1], ways[0]
	}
	var refusal error
	for _, led := range ways {
		if refusal = c.send(api, p, "IndicatorLED", led); !is(refusal, http.StatusBadRequest) {
			break
		}
	}
	return refusal
}

func (c *Controller) send(api *gofish.APIClient, p panel, property string, value any) error {
	change := &patch{api: api, path: p.path, etag: p.ETag, body: map[string]any{property: value}}
	return change.send(c.vendor, p.sys)
}
