package redfish_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"firstlight/server/oob"
	"firstlight/server/oob/redfish"
)

// maxRequests bounds what any answers can make a controller do in the calls
// below: 64 machines read at log-in is the most.
const maxRequests = 400

// pages answers every request with the next of some texts, round and round.
type pages struct {
	texts  [][]byte
	status int
	count  int
}

func (p *pages) RoundTrip(r *http.Request) (*http.Response, error) {
	text := p.texts[p.count%len(p.texts)]
	p.count++
	status := http.StatusOK
	if r.Method != http.MethodGet {
		status = p.status
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Etag": {string(text[:min(len(text), 9)])}}, Body: io.NopCloser(bytes.NewReader(text)), Request: r}, nil
}

// FuzzAnswers lets a BMC answer anything: every call ends, with bounded work, and
// what it returns is one of the contract's words.
func FuzzAnswers(f *testing.F) {
	for _, s := range []struct {
		texts  string
		status uint16
	}{
		{aRoot + "\n" + aRoot + "\n" + aList + "\n" + aSystem, 204},
		{`{"Systems":{"@odata.id":"/a"},"Members":[{"@odata.id":"/a"}],"@odata.id":"/a","PowerState":"Off","@odata.etag":"\"1\"","Actions":{"#ComputerSystem.Reset":{"target":"/a","@Redfish.ActionInfo":"/a"}},"Boot":{"BootSourceOverrideEnabled":"Once","BootSourceOverrideTarget":"Pxe"},"Links":{"ManagedBy":[{"@odata.id":"/a"}]},"@Redfish.Settings":{"SettingsObject":{"@odata.id":"/a"}},"Parameters":[{"Name":"ResetType","AllowableValues":["On"]}]}`, 412},
		{`{"Systems":{"@odata.id":"/a"},"Members":[{"@odata.id":"/a"}],"Members@odata.nextLink":"/a"}`, 428},
		{`{"Systems":{"@odata.id":"/a"},"Members":[{"@odata.id":"/a"}],"@odata.id":"/a","IndicatorLED":"Off","Links":{"Chassis":[{"@odata.id":"/a"},{"@odata.id":"/b"},{"@odata.id":"/c"}]}}`, 400},
		{`{"Systems":{"@odata.id":"@evil"}}` + "\n" + `null` + "\n" + `[]` + "\n" + `{"error":{}}`, 400},
		{`{"Systems":{"@odata.id":"/a"},"Members":[{"@odata.id":"/a"}],"Id":"1","TaskState":"Exception","@odata.id":"/t"}`, 202},
	} {
		f.Add([]byte(s.texts), s.status)
	}
	f.Fuzz(func(t *testing.T, texts []byte, status uint16) {
		p := &pages{texts: bytes.Split(texts, []byte("\n")), status: 200 + int(status%400)}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		cfg := redfish.Config{Address: "bmc.test", User: "u", Password: password, Settle: time.Nanosecond, Transport: p}
		c, err := redfish.Dial(ctx, cfg)
		if err == nil {
			use(ctx, t, c)
		} else if strings.Contains(err.Error(), string(password)) || len(err.Error()) > 8<<10 {
			t.Errorf("Dial() = %.200v…, want few words without the password", err)
		}
		if p.count > maxRequests {
			t.Errorf("the answers made %d requests, want at most %d", p.count, maxRequests)
		}
		if ctx.Err() != nil {
			t.Error("the calls took 5 s, want them to end by themselves")
		}
	})
}

func use(ctx context.Context, t *testing.T, c *redfish.Controller) {
	t.Helper()
	_, _ = c.Identify(ctx)
	if p, err := c.Power(ctx); err == nil && p != oob.PowerOn && p != oob.PowerOff && p != oob.PowerUnknown {
		t.Errorf("Power() = %q, want a word of the contract", p)
	}
	_ = c.SetPower(ctx, oob.PowerOn)
	_ = c.SetPower(ctx, oob.PowerOff)
	_ = c.SetNextBoot(ctx, oob.BootNetwork)
	if dev, err := c.NextBoot(ctx); err == nil && len(dev) > 60 {
		t.Errorf("NextBoot() = %q, want a word", dev)
	}
	_ = c.SetIndicator(ctx, oob.IndicatorBlinking)
	if light, err := c.Indicator(ctx); err == nil && light != oob.IndicatorUnknown && light != oob.IndicatorOff && !light.On() {
		t.Errorf("Indicator() = %q, want a word of the contract", light)
	}
	_ = c.Close(ctx)
}
