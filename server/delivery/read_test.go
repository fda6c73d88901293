package delivery

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadTakesListsAsTheyCome(t *testing.T) {
	for _, tt := range []struct {
		name, text, mapped string
		style              Style
		want               map[string]string // cells of the first line
	}{
		{
			"our own headings", "serial,rack,unit,nic1_mac\nC0MPUT3,lon6-r12,17,52:54:00:00:00:01\n", "", Own,
			map[string]string{"serial": "C0MPUT3", "rack": "lon6-r12", "unit": "17", "nic1_mac": "52:54:00:00:00:01"},
		},
		{"a byte order mark, semicolons and CRLF", "\xef\xbb\xbfSerial;Rack\r\nC0MPUT3;r12\r\n", "", Own, map[string]string{"serial": "C0MPUT3", "rack": "r12"}},
		{"tabs with an empty cell", "serial\track\tunit\nC0MPUT3\t\t17\n", "", Own, map[string]string{"serial": "C0MPUT3", "unit": "17"}},
		{"a spreadsheet's line for its separator", "sep=;\nserial;note\nC0MPUT3;a,b\n", "", Own, map[string]string{"serial": "C0MPUT3", "note": "a,b"}},
		{"quoted newlines", "serial,note\nC0MPUT3,\"two\nlines, \"\"quoted\"\"\"\n", "", Own, map[string]string{"serial": "C0MPUT3", "note": "two\nlines, \"quoted\""}},
		{
			"an order list", "Serial Number,Asset Tag,Rack Location,MAC Address 1,Price\nC0MPUT3,A-77,R12 U17,52-54-00-00-00-01,1200\n", "", Legacy,
			map[string]string{"serial": "C0MPUT3", "params.asset_tag": "A-77", "rack": "R12", "unit": "17", "nic1_mac": "52-54-00-00-00-01"},
		},
		{
			"service tags and units", "Service Tag,Cabinet,U,Memory (GB)\nC0MPUT3,r12,U17,64\n", "", Legacy,
			map[string]string{"serial": "C0MPUT3", "rack": "r12", "unit": "U17", "memory": "64 GiB"},
		},
		{
			"an export of netbox", "Name,Status,Tenant,Site,Rack,Position,Role,Manufacturer,Type,Serial number,Asset tag,OOB IP,Tags\n" +
				"Web-1,Active,Team Search,LON6,r12,17.0,Web Server,Dell,PowerEdge R640,C0MPUT3,A-77,10.80.99.3/24,Loaner\n", "", NetBox,
			map[string]string{
				"hostname": "web-1", "owner": "team-search", "site": "lon6", "rack": "r12", "unit": "17", "role": "web-server", "vendor": "Dell",
				"product": "PowerEdge R640", "serial": "C0MPUT3", "params.asset_tag": "A-77", "bmc_address": "10.80.99.3", "tags": "loaner",
			},
		},
		{"a heading that is mapped", "Box,rack\nC0MPUT3,r12\n", "Box=serial", Legacy, map[string]string{"serial": "C0MPUT3", "rack": "r12"}},
		{"a heading that is left out", "serial,rack\nC0MPUT3,r12\n", "rack=", Own, map[string]string{"serial": "C0MPUT3"}},
		{"a formula that we guarded", "serial,note\nC0MPUT3,'=1+1\n", "", Own, map[string]string{"serial": "C0MPUT3", "note": "=1+1"}},
		{"a quote of JSON, where nothing is guarded", `[{"serial":"C0MPUT3","note":"'=1+1\r\nx"}]`, "", Own, map[string]string{"serial": "C0MPUT3", "note": "'=1+1\nx"}},
		{
			"JSON with interfaces and parameters", `[{"serial":"C0MPUT3","unit":17,"tags":["a","b"],"params":{"tier":"gold"},"nics":[{"mac":"52:54:00:00:00:01","switch":"sw3","port":"23"}]}]`, "", Own,
			map[string]string{"serial": "C0MPUT3", "unit": "17", "tags": "a,b", "params.tier": "gold", "nic1_mac": "52:54:00:00:00:01", "nic1_switch": "sw3", "nic1_port": "23"},
		},
		{
			"JSON of netbox", `{"count":1,"results":[{"name":"web-1","serial":"C0MPUT3","device_type":{"id":1,"model":"R640"},"tenant":{"name":"Search"},"site":{"slug":"lon6"},"rack":{"name":"r12"},"position":17.0,"face":{"value":"front"}}]}`, "", NetBox,
			map[string]string{"hostname": "web-1", "serial": "C0MPUT3", "product": "R640", "owner": "search", "site": "lon6", "rack": "r12", "unit": "17", "face": "front"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var rules []string
			if tt.mapped != "" {
				rules = []string{tt.mapped}
			}
			m, err := ParseMap(rules)
			if err != nil {
				t.Fatal(err)
			}
			l, err := Read([]byte(tt.text), m)
			if err != nil {
				t.Fatal(err)
			}
			if l.Style != tt.style {
				t.Errorf("style %s, want %s", l.Style, tt.style)
			}
			if diff := cmp.Diff(tt.want, l.Lines[0].Cells); diff != "" || len(l.Lines[0].Faults) > 0 {
				t.Errorf("cells (-want +got):\n%s\nfaults %v", diff, l.Lines[0].Faults)
			}
		})
	}
}

func TestReadSaysWhereAListCannotBeRead(t *testing.T) {
	for _, tt := range []struct {
		name, text   string
		line, column int
		want         string
	}{
		{"nothing", " \n", 1, 1, "is empty"},
		{"headings alone", "serial,rack\n", 1, 1, "no machine"},
		{"no serial among the headings", "rack,unit\nr12,17\n", 1, 1, "tells the serial"},
		{"Latin-1", "serial,note\nC0MPUT3,caf\xe9\n", 2, 12, "byte 0xe9 is not UTF-8"},
		{"UTF-16", "\xff\xfes\x00e\x00", 1, 1, "is UTF-16"},
		{"a zero byte", "serial\nA\x00B\n", 2, 2, "0x00"},
		{"an open quote", "serial,note\nC0MPUT3,\"x\n", 2, 12, "quote"},
		{"more cells than headings", "serial\nA\nB,r12\n", 3, 1, "has 2 cells and the headings are 1"},
		{"JSON that breaks off", "[{\"serial\":\n\"A\",]", 2, 5, "cannot be read as JSON"},
		{"JSON of something else", `{"things":[]}`, 1, 1, `"machines"`},
		{"too many bytes", "serial\n" + strings.Repeat("A\n", MaxBytes/2), 1, 1, "split it"},
		{"too many lines", "serial\n" + strings.Repeat("A\n", MaxLines+1), MaxLines + 2, 1, "split it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read([]byte(tt.text), nil)
			var at *ReadError
			if !errors.As(err, &at) || at.Line != tt.line || at.Column != tt.column || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Read() = %v, want line %d, column %d, %q", err, tt.line, tt.column, tt.want)
			}
		})
	}
}

func TestMapsAreChecked(t *testing.T) {
	if _, err := ParseMap([]string{"Service Tag=seriall"}); err == nil || !strings.Contains(err.Error(), "did you mean serial?") {
		t.Errorf("ParseMap() = %v, want what was meant", err)
	}
	if _, err := ParseMap([]string{"serial"}); err == nil {
		t.Error("ParseMap() takes a rule without =")
	}
	m, _ := ParseMap([]string{"Srevice Tag=serial"})
	if _, err := Read([]byte("Service Tag,rack\nA,r1\n"), m); err == nil || !strings.Contains(err.Error(), "no heading") {
		t.Errorf("Read() = %v, want a map that no heading has refused", err)
	}
}

func TestTwoHeadingsOfOneColumnMustAgree(t *testing.T) {
	l, err := Read([]byte("Serial Number,Service Tag\nA1,A1\nA2,B2\n"), nil)
	if err != nil || len(l.Lines[0].Faults) != 0 || len(l.Lines[1].Faults) != 1 {
		t.Errorf("Read() = %+v, %v, want a fault on the second line alone", l, err)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"serial,rack\nA,r1\n", "\xef\xbb\xbfserial;u\r\nA;1\r\n", "sep=,\nserial\nA", `[{"serial":"A","nics":[{"mac":"x"}]}]`, `{"results":[{"serial":{"value":"A"}}]}`,
		"Service Tag,Rack Location\nA,r1 u3\n", "serial\n\"", "serial\t\n\t\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := Read(text, nil)
		if err != nil {
			var at *ReadError
			if !errors.As(err, &at) || at.Line < 1 || at.Column < 1 {
				t.Fatalf("Read(%q) = %v without a place", text, err)
			}
			return
		}
		judged := Judge(Fleet{Near: nowhere, NewID: counter()}, Order{Lines: l.Lines})
		if len(judged.Verdicts) != len(l.Lines) {
			t.Fatalf("%d verdicts on %d lines", len(judged.Verdicts), len(l.Lines))
		}
		for _, v := range judged.Verdicts {
			if v.Result != Refused && v.After.Validate() != nil {
				t.Fatalf("line %d passes and is not valid: %v", v.Line, v.After.Validate())
			}
		}
	})
}
