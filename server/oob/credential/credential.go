// Package credential chooses and keeps the log-ins to BMCs: which ones to try on
// a machine and in what order, the proof by a log-in, and their form at rest.
//
// It promises that no account is locked by guessing: few candidates, none twice,
// none that a BMC has refused before, and no guessing on where a machine's own
// credential is refused. It holds no SQL and no network; the wiring brings the
// rows and the dialling. Jobs, the stores' callers and the wiring import it.
package credential

import (
	"slices"
	"strings"

	"firstlight/server/oob"
)

// Source is where a credential came from.
type Source string

// Sources in the order in which they are tried.
const (
	Own    Source = "machine" // typed in or imported for this one machine
	Vendor Source = "vendor"  // a vendor's default, from the vendor list
	Site   Source = "site"    // the site's default
)

// Credential is one log-in.
type Credential struct {
	User     string
	Password oob.Secret
	Source   Source
	// Parked says that a BMC has refused it: it is not sent again until a person
	// has replaced or released it.
	Parked bool
}

// VendorCredential is a line of the vendor list. An empty Product is for all of
// the vendor's products.
type VendorCredential struct {
	Vendor, Product string
	Credential
}

// maxCandidates and maxPerUser keep guessing below the lowest lock-out threshold
// seen in the field: three refusals in a row of one account.
const (
	maxCandidates = 3
	maxPerUser    = 2
)

// Candidates returns what may be tried on a machine of this vendor and product,
// in order: its own, the vendor list's (a line for the product before one for
// the vendor), the site's. A machine whose own credential is parked has none: a
// default that logs in there would hide that somebody changed the password.
func Candidates(own *Credential, vendor, product string, list []VendorCredential, site *Credential) []Credential {
	var all []Credential
	if own != nil {
		if own.Parked {
			return nil
		}
		all = append(all, from(Own, *own))
	}
	for _, byProduct := range []bool{true, false} {
		for _, v := range list {
			if v.matches(vendor, product, byProduct) {
				all = append(all, from(Vendor, v.Credential))
			}
		}
	}
	if site != nil {
		all = append(all, from(Site, *site))
	}
	return limit(all)
}

func from(s Source, c Credential) Credential {
	c.Source = s
	return c
}

func (v VendorCredential) matches(vendor, product string, byProduct bool) bool {
	if v.Vendor == "" || !strings.EqualFold(v.Vendor, vendor) || byProduct != (v.Product != "") {
		return false
	}
	return !byProduct || strings.EqualFold(v.Product, product)
}

// limit drops what is empty, parked, twice there or too much.
func limit(all []Credential) []Credential {
	var kept []Credential
	perUser := map[string]int{}
	for _, c := range all {
		again := slices.ContainsFunc(kept, func(k Credential) bool { return k.User == c.User && k.Password == c.Password })
		if c.User == "" || c.Password == "" || c.Parked || again || perUser[c.User] == maxPerUser || len(kept) == maxCandidates {
			continue
		}
		perUser[c.User]++
		kept = append(kept, c)
	}
	return kept
}
