package web

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"firstlight/server/journal"
)

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
		all = append(all, journal.Event{
			ID: int64(i + 1), At: cannedNow.Add(time.Duration(at * float64(time.Second))), Source: journal.Source(source), Text: text,
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
		{"a machine that waits in the agent: waiting is no stage", firstBoot, false, 500, "firmware 20 s, DHCP 1.0 s, loader 2.0 s, script 1.0 s, kernel 2.0 s, agent image 6.0 s"},
		{"a boot that goes on", firstBoot[:6], true, 30, "firmware 20 s, DHCP 1.0 s, loader 2.0 s, script 1.0 s, kernel 6.0 s …"},
		{"without a power command the clock starts at DHCP", firstBoot[1:], false, 0, "DHCP 1.0 s, loader 2.0 s, script 1.0 s, kernel 2.0 s, agent image 6.0 s"},
		{"an install goes on through the restart into the new system; the wait for its order is no stage", install, false, 0, "firmware 20 s, DHCP 1.0 s, loader 2.0 s, script 1.0 s, kernel 2.0 s, agent image 6.0 s, agent 1.0 s, image 30 s, first boot 39 s"},
		{"a power cycle begins a new boot", append(slices.Clone(firstBoot), "90 bmc Power off", "91 bmc Power on", "99 dhcp asked"), true, 100, "firmware 8.0 s, DHCP 1.0 s …"},
		{"a reset without us is seen by its loader", append(slices.Clone(firstBoot), "88 dhcp asked", "91 files TFTP snponly.efi"), true, 92, "DHCP 3.0 s, loader 1.0 s …"},
		{"rows that are dated at their beginning stand in the order of time", []string{"1 boot Decided agent", "0 files TFTP snponly.efi", "3 agent Reported"}, false, 0, "loader 1.0 s, script 2.0 s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := cannedNow.Add(time.Duration(test.now * float64(time.Second)))
			var got []string
			for _, s := range stages(boots(t, test.events...), now, test.moving) {
				text := s.Name + " " + span(s.Took)
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

func TestTheClockFitsItsDrawing(t *testing.T) {
	usual := map[string]time.Duration{"firmware": 90 * time.Second, "image": 40 * time.Second}
	all := stages(boots(t, install...), cannedNow, false)
	right := 0.0
	for _, c := range drawStages(all, usual) {
		var x, cell, bar float64
		if _, err := fmt.Sscanf(c.X+" "+c.Cell+" "+c.Bar, "%f%% %f%% %f%%", &x, &cell, &bar); err != nil {
			t.Fatal(err)
		}
		if x < right-0.01 || bar > cell+0.01 || cell < cellFloor-0.5 {
			t.Errorf("stage %s: x %s after %.2f, cell %s, bar %s: want no overlap and room for its name", c.Name, c.X, right, c.Cell, c.Bar)
		}
		right = x + cell
	}
	if right > 100 {
		t.Errorf("the drawing ends at %.2f %%, want at most 100", right)
	}
}
