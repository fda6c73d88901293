package redfish

import (
	"net/http"
	"strings"

	"github.com/stmcginnis/gofish"
	"github.com/stmcginnis/gofish/schemas"
)

// patch is one change of a resource, as it will be sent.
type patch struct {
	api      *gofish.APIClient
	path     string
	etag     string // If-Match; none when empty
	settings string // path of the settings resource, if there is one
	body     map[string]any
}

// quirk is one thing that BMCs do differently from the specification or from
// one another. Those with a vendor change the request before it is sent; the
// others wait for a refusal, since the service, not the badge on the box,
// decides (a Lenovo SR655 runs AMI's).
type quirk struct {
	name   string
	seen   string // evidence
	vendor string
	after  func(*patch, error) bool
	change func(*patch, *system) error
}

// quirks are tried in this order, each at most once per change, so that a change
// costs a bounded number of requests whatever the BMC answers.
var quirks = []quirk{
	{
		name:   "the boot mode falls to its default unless it is sent along",
		seen:   "Supermicro, DMTF/Redfishtool#106, 2023-06; not for HPE, whose mode is read-only (community.general#3509)",
		vendor: "supermicro",
		change: func(p *patch, s *system) error {
			if boot, ok := p.body["Boot"].(map[string]any); ok && s.Boot.BootSourceOverrideMode != "" {
				boot["BootSourceOverrideMode"] = s.Boot.BootSourceOverrideMode
			}
			return nil
		},
	},
	{
		name:   "the ETag was stale: the resource changed between our reading and writing",
		seen:   "iDRAC10 (PowerEdge R470), dell/iDRAC-Redfish-Scripting#354, 2026-02: refused once, then accepted",
		after:  func(_ *patch, err error) bool { return is(err, http.StatusPreconditionFailed) },
		change: func(p *patch, _ *system) error { return p.readETag() },
	},
	{
		name:   "If-Match is refused whatever it says",
		seen:   "Lenovo XCC, community.general#11270, 2025-12",
		after:  func(p *patch, err error) bool { return p.etag != "" && is(err, http.StatusPreconditionFailed) },
		change: func(p *patch, _ *system) error { p.etag = ""; return nil },
	},
	{
		name:   "If-Match is demanded though the reading gave no ETag, or a weak one that may not be matched",
		seen:   "AMI MegaRAC (Lenovo SR655), gofish#171, 2022-04: Ami.1.0.PreconditionHeaderMissing; Gigabyte, community.general#6434",
		after:  func(_ *patch, err error) bool { return is(err, http.StatusPreconditionRequired) },
		change: func(p *patch, _ *system) error { p.etag = "*"; return nil },
	},
	{
		name: "the boot override is written in the settings resource",
		seen: "AMI (ASRock WRX80), DMTF/Redfish-Tacklebox#144, 2024-04: Ami.1.0.OperationSupportedInFutureStateURI; iDRAC10, gofish v0.23 SetBoot",
		after: func(p *patch, err error) bool {
			return p.settings != "" && is(err, http.StatusBadRequest, http.StatusMethodNotAllowed)
		},
		change: func(p *patch, _ *system) error {
			p.path = p.settings
			return p.readETag()
		},
	},
}

// send sends the change, and again after each quirk that its refusal calls for.
// A refused PATCH changed nothing (RFC 5789 section 2), so sending it again is
// safe.
func (p *patch) send(vendor string, sys *system) error {
	if err := p.prepare(vendor, sys); err != nil {
		return err
	}
	refusal := p.try()
	for _, q := range quirks {
		if refusal == nil {
			return nil
		}
		if q.after == nil || !q.after(p, refusal) {
			continue
		}
		if err := q.change(p, sys); err != nil {
			return err
		}
		refusal = p.try()
	}
	return refusal
}

func (p *patch) prepare(vendor string, sys *system) error {
	for _, q := range quirks {
		if q.vendor == "" || !madeBy(q.vendor, vendor, sys) {
			continue
		}
		if err := q.change(p, sys); err != nil {
			return err
		}
	}
	return nil
}

func (p *patch) try() error {
	headers := map[string]string{}
	if p.etag != "" {
		headers["If-Match"] = p.etag
	}
	resp, err := p.api.PatchWithHeaders(p.path, p.body, headers)
	if err != nil {
		return err
	}
	return schemas.CleanupHTTPResponse(resp)
}

// readETag takes the ETag that the resource has now.
func (p *patch) readETag() error {
	resp, err := p.api.Get(p.path)
	if err != nil {
		return err
	}
	p.etag = resp.Header.Get("ETag")
	return schemas.CleanupHTTPResponse(resp)
}

// serialOf is the serial that SMBIOS and the sticker show. Dell puts its board's
// number into SerialNumber and the service tag, which both show, into SKU (seen
// on R660 to R760xa: "CNIVC00…" beside the tag; ansible#53461, check_redfish#65).
func serialOf(vendor string, sys *system) string {
	if madeBy("dell", vendor, sys) && sys.SKU != "" {
		return sys.SKU
	}
	return sys.SerialNumber
}

// madeBy looks for a maker in what the Redfish service and the machine say.
func madeBy(maker, vendor string, sys *system) bool {
	return strings.Contains(strings.ToLower(vendor+" "+sys.Manufacturer), maker)
}
