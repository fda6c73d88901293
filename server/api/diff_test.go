package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"firstlight/server/auth"
	"firstlight/server/boot"
	"firstlight/server/machine"
)

func TestDiffComparesAndWritesNothing(t *testing.T) {
	b := newBench(t)
	ask := func(body string) BootDiff { return read[BootDiff](b, b.post("/boot/diff", body), http.StatusOK) }
	r := boot.Request{MAC: machine.MAC{2, 9, 9, 9, 9, 9}, Stage: boot.StageIPXE, Subnet: "lab"}
	k := b.db.Known(r)
	b.db.Decided(r, boot.Decide(r, k, b.now()), k)
	off := `{"subnet":{"name":"lab","prefix":"10.80.12.0/24","site":"lab","policy":"ignore"}}`
	d := ask(off)
	for deadline := time.Now().Add(10 * time.Second); d.Boots == 0 && time.Now().Before(deadline); d = ask(off) {
		time.Sleep(10 * time.Millisecond) // decisions are written with the next batch
	}
	if d.Changed != d.Boots || d.Forbidden || len(d.Items) == 0 || !strings.HasPrefix(d.Items[0].After, "no answer") {
		t.Errorf("%s = %+v, want every boot without an answer", off, d)
	}
	if s := read[Subnet](b, b.get("/subnets/lab"), http.StatusOK); s.Policy == "ignore" {
		t.Error("the subnet was changed")
	}
	b.refuses(b.post("/boot/diff", `{}`), http.StatusUnprocessableEntity, "want one of them")
	b.refuses(b.post("/boot/diff", `{"drop_rule":"mars"}`), http.StatusNotFound, `rule "mars"`)
	b.refuses(b.post("/boot/diff", `{"rule":{"name":"x","match":"colour=red"}}`), http.StatusUnprocessableEntity, "colour")
	if got := b.as(auth.Viewer, http.MethodPost, "/boot/diff", off).StatusCode; got != http.StatusOK {
		t.Errorf("for a viewer: %d, want 200: it writes nothing", got)
	}
}
