package redfish_test

import (
	"fmt"
	"strings"
	"testing"

	"firstlight/server/oob"
	"firstlight/server/oob/redfish"
)

// chassis is a BMC of two machines.
func chassis() script {
	two := script{root: aRoot, root + "/Systems": `{"Members":[{"@odata.id":"/s/1"}],"Members@odata.nextLink":"/s/more"}`, "/s/more": `{"Members":[{"@odata.id":"/s/2"}]}`}
	for i, power := range []string{"Off", "On"} {
		path := fmt.Sprintf("/s/%d", i+1)
		two[path] = fmt.Sprintf(`{"@odata.id":%q,"Id":"%d","SerialNumber":"SN%d","UUID":"00000000-0000-0000-0000-00000000000%d","PowerState":%q}`, path, i+1, i+1, i+1, power)
	}
	return two
}

func TestTheMachineThatIsMeantIsFound(t *testing.T) {
	tests := []struct {
		name         string
		answers      script
		serial, uuid string
		want         oob.Power
		says         string
	}{
		{"the only one needs no name", script{root: aRoot, root + "/Systems": aList, "/s/1": aSystem}, "", "", oob.PowerOff, ""},
		{"the only one is refused under another name", script{root: aRoot, root + "/Systems": aList, "/s/1": aSystem}, "B2", "", "", `only serials "A1"`},
		{"of two by serial", chassis(), "sn2", "", oob.PowerOn, ""},
		{"of two by UUID", chassis(), "", "00000000-0000-0000-0000-000000000001", oob.PowerOff, ""},
		{"of two by serial though the UUID is in another byte order", chassis(), "SN2", "ffff", oob.PowerOn, ""},
		{"of two without a name is never guessed", chassis(), "", "", "", "serves 2 machines"},
		{"of two by a name that neither has", chassis(), "SN3", "", "", "check the BMC's address"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := test.answers.serve(t)
			cfg.Serial, cfg.UUID = test.serial, test.uuid
			c, err := redfish.Dial(t.Context(), cfg)
			if test.says != "" {
				if err == nil || !strings.Contains(err.Error(), test.says) {
					t.Fatalf("Dial() = %v, want an error with %q", err, test.says)
				}
				return
			}
			if err != nil {
				t.Fatalf("Dial() = %v, want no error", err)
			}
			defer func() { _ = c.Close(t.Context()) }()
			if got, err := c.Power(t.Context()); err != nil || got != test.want {
				t.Errorf("Power() = %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestWhatABMCDoesNotOfferIsUnsupported(t *testing.T) {
	with := func(more string) script {
		return script{root: aRoot, root + "/Systems": aList, "/s/1": strings.TrimSuffix(`{"@odata.id":"/s/1","Id":"1","PowerState":"Off"}`, "}") + "," + more + "}"}
	}
	tests := []struct {
		name    string
		answers script
		do      func(*redfish.Controller) error
		says    string
	}{
		{
			"no reset action", with(`"Actions":{}`),
			func(c *redfish.Controller) error { return c.SetPower(t.Context(), oob.PowerOn) },
			"offers no reset",
		},
		{
			"only a power button", with(`"Actions":{"#ComputerSystem.Reset":{"target":"/s/1/r","ResetType@Redfish.AllowableValues":["PushPowerButton"]}}`),
			func(c *redfish.Controller) error { return c.SetPower(t.Context(), oob.PowerOn) },
			"it offers PushPowerButton",
		},
		{
			"no network boot", with(`"Boot":{"BootSourceOverrideTarget@Redfish.AllowableValues":["None","Cd"]}`),
			func(c *redfish.Controller) error { return c.SetNextBoot(t.Context(), oob.BootNetwork) },
			"it offers None, Cd",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := redfish.Dial(t.Context(), test.answers.serve(t))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close(t.Context()) }()
			if err := test.do(c); !matches(err, oob.ErrUnsupported) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %v with %q", err, oob.ErrUnsupported, test.says)
			}
		})
	}
}

func TestTheNextBootIsReadWhereTheBMCKeepsIt(t *testing.T) {
	with := func(machine, settings string) script {
		return script{
			root: aRoot, root + "/Systems": aList, "/s/1/SD": `{"Boot":{` + settings + `}}`,
			"/s/1": `{"@odata.id":"/s/1","Boot":{` + machine + `},"@Redfish.Settings":{"SettingsObject":{"@odata.id":"/s/1/SD"}}}`,
		}
	}
	once := func(target string) string {
		return `"BootSourceOverrideEnabled":"Once","BootSourceOverrideTarget":"` + target + `"`
	}
	tests := []struct {
		name    string
		answers script
		want    oob.BootDevice
	}{
		{"in the machine", with(once("Hdd"), ""), oob.BootDisk},
		{"in the settings", with("", once("Pxe")), oob.BootNetwork},
		{"in the machine rather than in the settings", with(once("Hdd"), once("Pxe")), oob.BootDisk},
		{"nowhere", with("", ""), oob.BootNormal},
		{"UEFI HTTP is the network too", with(once("UefiHttp"), ""), oob.BootNetwork},
		{"a target that is not enabled counts for nothing", with(`"BootSourceOverrideEnabled":"Disabled","BootSourceOverrideTarget":"Pxe"`, ""), oob.BootNormal},
		{"a device without a word of ours keeps its own", with(once("Cd"), ""), "cd"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := redfish.Dial(t.Context(), test.answers.serve(t))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close(t.Context()) }()
			if got, err := c.NextBoot(t.Context()); err != nil || got != test.want {
				t.Errorf("NextBoot() = %q, %v, want %q", got, err, test.want)
			}
		})
	}
}
