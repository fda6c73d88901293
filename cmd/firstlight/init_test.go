package main

import (
	"net/netip"
	"strings"
	"testing"

	"firstlight/server/config"
)

func TestUpperHalf(t *testing.T) {
	for prefix, want := range map[string]string{
		"10.80.12.0/24":  "10.80.12.128-10.80.12.253",
		"10.80.12.77/24": "10.80.12.128-10.80.12.253",
		"10.80.0.0/16":   "10.80.128.0-10.80.255.253",
		"192.0.2.16/28":  "192.0.2.24-192.0.2.29",
		"192.0.2.0/30":   "", // no room: the reference's stays, and is refused
		"2001:db8::/64":  "",
	} {
		if got := upperHalf(netip.MustParsePrefix(prefix)); got != want {
			t.Errorf("upperHalf(%s) = %q, want %q", prefix, got, want)
		}
	}
}

// TestEveryChoiceReachesTheConfiguration also holds the keys of choices against
// the reference, which may change.
func TestEveryChoiceReachesTheConfiguration(t *testing.T) {
	c := &initCmd{
		Interface: "enp7s0", Address: netip.MustParseAddr("192.0.2.1"), Prefix: netip.MustParsePrefix("192.0.2.0/24"),
		Range: "192.0.2.50-192.0.2.60", Site: "ams1", Domain: "ams1.example", State: "/srv/firstlight", Listen: "192.0.2.1:8443",
	}
	text, err := chosen(config.Reference(), c.choices())
	if err != nil {
		t.Fatal(err)
	}
	got, err := config.Parse("chosen", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s := got.Subnets[0]
	for what, pair := range map[string][2]string{
		"interface": {got.Interfaces[0].Name, c.Interface},
		"address":   {got.Interfaces[0].Address.String(), "192.0.2.1"},
		"prefix":    {s.Prefix.String(), "192.0.2.0/24"},
		"range":     {s.Ranges[0].First.String() + "-" + s.Ranges[0].Last.String(), c.Range},
		"subnet":    {s.Name, "ams1-boot"},
		"policy":    {string(s.Policy), "observe"},
		"site":      {got.Site.Name, c.Site},
		"domain":    {got.Site.Domain, c.Domain},
		"state":     {got.State, c.State},
		"listen":    {got.People.Listen, c.Listen},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s = %q, want %q", what, pair[0], pair[1])
		}
	}
	if before, after := strings.Count(config.Reference(), "\n"), strings.Count(text, "\n"); before != after {
		t.Errorf("the reference has %d lines, what was chosen %d", before, after)
	}
}

func TestNothingButOneWordIsChosen(t *testing.T) {
	for _, value := range []string{"a\nrules: []", "a # b", "a\r"} {
		if _, err := chosen(config.Reference(), (&initCmd{Site: value}).choices()); err == nil {
			t.Errorf("chosen(%q) was let through", value)
		}
	}
}
