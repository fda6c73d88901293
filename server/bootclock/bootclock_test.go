package bootclock

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"firstlight/server/journal"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// boots reads events as "seconds source text", oldest first.
func boots(t *testing.T, lines ...string) []journal.Event {
	t.Helper()
	var all []journal.Event
	for i, l := range lines {
		var at float64
		var source string
		if _, err := fmt.Sscan(l, &at, &source); err != nil {
			t.Fatal(err)
		}
		text := strings.TrimSpace(strings.SplitN(l, source, 2)[1])
		_, times, _ := strings.Cut(text, " × ")
		count, _ := strconv.Atoi(times)
		all = append(all, journal.Event{
			ID: int64(i + 1), At: noon.Add(time.Duration(at * float64(time.Second))), Source: journal.Source(source), Text: text, Count: count,
		})
	}
	slices.Reverse(all)
	return all
}

var firstBoot = []string{
	"0 bmc Power on", "20 dhcp UEFI x64 asked and got 10.80.12.32", "21 files TFTP snponly.efi, 1468-byte blocks", "22 dhcp iPXE asked and got 10.80.12.32",
	"23 boot Decided agent, register", "24 files GET vmlinuz", "26 files GET initrd.img", "30 dhcp agent asked", "32 agent Reported 3.1 s after kernel start",
}

var install = append(slices.Clone(firstBoot),
	"100 job Order to install debian-12", "101 agent Redeemed the install token; plan accepted", "102 agent Writes the image", "125 agent Image hashed; verifies the disk",
	"131 status installing → configuring: image written", "133 bmc Power off", "150 dhcp UEFI x64 asked", "151 files TFTP snponly.efi", "152 boot Decided own disk", "170 system lon6-web-1 is up")

func TestStagesOfABoot(t *testing.T) {
	for _, test := range []struct {
		name   string
		events []string
		moving bool
		now    float64
		want   string
	}{
		{"nothing was seen", nil, true, 0, ""},
		{"a machine that waits in the agent: waiting is no stage", firstBoot, false, 500, "firmware 20s, DHCP 1s, loader 2s, script 1s, kernel 2s, agent image 6s"},
		{"a boot that goes on", firstBoot[:6], true, 30, "firmware 20s, DHCP 1s, loader 2s, script 1s, kernel 6s …"},
		{"without a power command the clock starts at DHCP", firstBoot[1:], false, 0, "DHCP 1s, loader 2s, script 1s, kernel 2s, agent image 6s"},
		{"an install goes on through the restart into the new system; the wait for its order is no stage", install, false, 0, "firmware 20s, DHCP 1s, loader 2s, script 1s, kernel 2s, agent image 6s, agent 1s, image 30s, first boot 39s"},
		{"a power cycle begins a new boot", append(slices.Clone(firstBoot), "90 bmc Power off", "91 bmc Power on", "99 dhcp asked"), true, 100, "firmware 8s, DHCP 1s …"},
		{"a reset without us is seen by its loader", append(slices.Clone(firstBoot), "88 dhcp asked", "91 files TFTP snponly.efi"), true, 92, "DHCP 3s, loader 1s …"},
		{"a firmware that had to ask again, as a port does that forwards too late", []string{"0 dhcp asked × 4", "12 files TFTP snponly.efi", "13 dhcp iPXE asked × 2", "14 boot Decided"}, false, 0, "DHCP 12s ×4, loader 2s"},
		{"what the last boot asked for is not counted again", append(slices.Clone(firstBoot), "88 dhcp asked", "91 files TFTP snponly.efi", "92 boot Decided"), false, 92, "DHCP 3s, loader 1s"},
		{"rows that are dated at their beginning stand in the order of time", []string{"1 boot Decided agent", "0 files TFTP snponly.efi", "3 agent Reported"}, false, 0, "loader 1s, script 2s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := noon.Add(time.Duration(test.now * float64(time.Second)))
			var got []string
			for _, s := range Of(boots(t, test.events...), now, test.moving) {
				text := s.Name + " " + s.Took.String()
				if s.Tries > 1 {
					text += fmt.Sprintf(" ×%d", s.Tries)
				}
				if s.Open {
					text += " …"
				}
				got = append(got, text)
			}
			if strings.Join(got, ", ") != test.want {
				t.Errorf("stages = %s\n   want %s", strings.Join(got, ", "), test.want)
			}
		})
	}
}

func TestUsualIsTheMedianOfTheOthersOfAKind(t *testing.T) {
	var m Memory
	since := noon
	for id, took := range map[string]int{"a": 90, "b": 100, "c": 95, "me": 400} {
		m.Keep(id, "R640", since, []Stage{{Name: "firmware", Took: time.Duration(took) * time.Second}})
	}
	m.Keep("other", "R740", since, []Stage{{Name: "firmware", Took: time.Hour}})
	m.Keep("unseen", "R640", since, nil)
	usual, n := m.Usual("R640", "me")
	if n != 3 || usual["firmware"] != 95*time.Second {
		t.Errorf("usual = %v of %d, want 95 s of 3", usual, n)
	}
	if !m.Has("a", since) || m.Has("a", since.Add(time.Minute)) || m.Has("new", since) {
		t.Error("a clock is known for the status in which it was read, and no other")
	}
}
