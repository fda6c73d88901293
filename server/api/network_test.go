package api

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/journal"
)

func TestASubnetIsPutWhole(t *testing.T) {
	b := newBench(t)
	const put = `{"prefix":"10.1.0.0/24","site":"lab","gateway":"10.1.0.1","dns":["10.1.0.2"],"ranges":[{"first":"10.1.0.10","last":"10.1.0.20"}],"domain":"lab.example"}`
	got := read[Subnet](b, b.as("admin", http.MethodPut, "/subnets/new", put), http.StatusOK)
	want := Subnet{
		Name: "new", Prefix: "10.1.0.0/24", Site: "lab", Gateway: "10.1.0.1", DNS: []string{"10.1.0.2"}, Domain: "lab.example",
		Ranges: []AddressRange{{"10.1.0.10", "10.1.0.20"}}, Mode: "server", Policy: "observe", LeaseSeconds: 3600,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a new subnet observes (-want +got):\n%s", diff)
	}
	got.Policy = "register"
	text, err := json.Marshal(got)
	b.must(err)
	b.refuses(b.as("admin", http.MethodPut, "/subnets/new", string(text)), http.StatusPreconditionRequired, "send If-Match with the ETag")
	tag := b.get("/subnets/new").Header.Get("ETag")
	back := read[Subnet](b, b.as("admin", http.MethodPut, "/subnets/new", string(text), "If-Match", tag), http.StatusOK)
	b.refuses(b.as("admin", http.MethodPut, "/subnets/new", string(text), "If-Match", tag), http.StatusPreconditionFailed, "by now, not "+tag)
	if diff := cmp.Diff(got, back); diff != "" {
		t.Errorf("what was read can be put back (-want +got):\n%s", diff)
	}
	b.refuses(b.as("admin", http.MethodPut, "/options/jumbo", `{"options":[{"option":"mtu","value":"much"}]}`), http.StatusUnprocessableEntity, `option mtu: value "much": it is no number of 16 bits: want bytes, such as 9000`)
	b.refuses(b.as("admin", http.MethodPut, "/options/jumbo", `{"options":[{"option":"82","value":"x"}]}`), http.StatusUnprocessableEntity, `leases and boots are made of it: leave it to the appliance`)
	b.refuses(b.as("admin", http.MethodPut, "/options/jumbo", `{"options":[{"option":"mtu","value":"9000"}],"subnets":["hall"]}`), http.StatusUnprocessableEntity, `"hall"`, "there is no such subnet")
	list := read[List[Subnet]](b, b.get("/subnets"), http.StatusOK)
	if list.Total != 2 || list.Items[0].Name != "lab" || list.Items[1].Policy != "register" {
		t.Errorf("subnets = %+v", list)
	}
	entry := read[Tail[AuditEntry]](b, b.get("/audit?limit=1"), http.StatusOK).Items[0]
	if entry.What != "write subnet" || entry.Object != "new" || entry.Who != "ada" {
		t.Errorf("audit = %+v", entry)
	}
}

func TestImagesAndRules(t *testing.T) {
	b := newBench(t)
	image := read[Image](b, b.get("/images/debian-12"), http.StatusOK)
	if image.Bytes != 1<<30 || image.CompressedBytes != 1<<20 || image.Arch != "amd64" {
		t.Errorf("image = %+v", image)
	}
	images := read[List[Image]](b, b.get("/images"), http.StatusOK)
	if diff := cmp.Diff([]Image{image}, images.Items); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
	rules := read[List[Rule]](b, b.get("/rules"), http.StatusOK)
	want := []Rule{{Name: "lab", Order: 1, Match: "subnet=lab", Accept: true, Site: "lab", Rack: "r1", Role: "node"}}
	if diff := cmp.Diff(want, rules.Items); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

func TestLeases(t *testing.T) {
	b := newBench(t)
	all := read[List[Lease]](b, b.get("/leases"), http.StatusOK)
	if all.Total != 1 {
		t.Fatalf("leases = %+v, want one", all)
	}
	l := all.Items[0]
	if l.MAC != mac(200).String() || l.Subnet != "lab" || l.State != "bound" || !l.Active || l.LifeSeconds != 3600 || l.Hostname != "stranger" || l.Machine != "" {
		t.Errorf("lease = %+v", l)
	}
	b.add(200)
	if l := read[List[Lease]](b, b.get("/leases?active=true&subnet=lab&mac=52-54-00-00-00-C8"), http.StatusOK).Items[0]; l.Machine != "FL200" {
		t.Errorf("machine of the lease = %q, want FL200", l.Machine)
	}
	for _, path := range []string{"/leases?mac=52:54:00:00:00:01", "/leases?subnet=none", "/leases?cursor=" + l.Address} {
		if got := read[List[Lease]](b, b.get(path), http.StatusOK); len(got.Items) != 0 {
			t.Errorf("GET %s = %+v, want none", path, got.Items)
		}
	}
}

func TestStrangers(t *testing.T) {
	b := newBench(t)
	b.db.Note(journal.Event{MAC: mac(300), Source: journal.DHCP, Text: "Offered 10.80.12.150"})
	b.db.Note(journal.Event{MAC: mac(301), Source: journal.DHCP, Text: "Offered 10.80.12.151"})
	got := read[Tail[Event]](b, b.get("/strangers?limit=1"), http.StatusOK)
	if len(got.Items) != 1 || got.Items[0].MAC != mac(301).String() || got.Items[0].Machine != "" {
		t.Errorf("strangers = %+v, want the newest, of %s", got.Items, mac(301))
	}
}
