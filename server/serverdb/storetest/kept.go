package storetest

import (
	"cmp"
	"net/netip"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firstlight/server/journal"
	"firstlight/server/lease"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// Fill writes a row at least into every table.
func Fill(tx *store.Tx) error {
	err := cmp.Or(
		tx.PutMachine(sample(), nil), tx.PutFacts(sample().ID, sample().Facts), tx.PutObserved(sample().ID, observed()), tx.AddEvents(event(1)), tx.PutDecision(decision()),
		tx.PutLease(leased(), 0), tx.PutJob(job("open", machine.JobStarted, at), 0), tx.PutSubnet(subnet()), tx.PutRule(rule("lab", 1)),
		tx.PutImage(image()), tx.PutMeta("key", "value"), tx.PutCredential("owner", "sealed"), tx.PutPerson("account", "ada", `{"name":"ada"}`),
		tx.AddAudit(audit()), tx.PutCounters(store.Counters{History: 6, Journal: 1, Audit: 1}),
		tx.PutMachine(planned(), nil), tx.PutIssue(issue()), tx.PutDelivery(delivery()), tx.PutWait(wait()), tx.AddReply(reply()),
		tx.PutName("lon6-db-9", planned().ID, at), tx.PutCheck(check("checked", at), 2),
	)
	for _, p := range plan() {
		err = cmp.Or(err, tx.PutPlan(p))
	}
	for _, h := range history() {
		err = cmp.Or(err, tx.AddHistory(h))
	}
	return err
}

// Newest is the schema that Fill fills.
const Newest = 6

// Kept asserts that everything that Fill wrote is there, whatever happened to
// the database since. schema is the one that Fill filled at the time.
func Kept(t *testing.T, s *store.Store, schema int) {
	t.Helper()
	m, facts := sample(), sample().Facts
	m.Observed, m.Facts = observed(), nil
	machines := []*machine.Machine{m}
	if schema >= 3 {
		machines = append(machines, planned())
		keptThird(t, s)
	}
	if schema >= 6 {
		keptSixth(t, s)
	}
	view(t, s, func(tx *store.Tx) error {
		return cmp.Or(
			same(t, "machines", machines, tx.Machines),
			same(t, "facts", facts, func() (*machine.Facts, error) { return tx.Facts(m.ID) }),
			same(t, "selected", []string{m.ID}, func() ([]string, error) {
				return tx.Select(selector(t, "status=in_use power=on memory=64GiB disk=d1 mac=52:54:00:00:00:02"), "", 0)
			}),
			same(t, "history", history(), func() ([]machine.History, error) { return tx.History(m.ID) }),
			same(t, "journal", []journal.Event{event(1)}, func() ([]journal.Event, error) { return tx.Events(m.ID, 0, 10) }),
			same(t, "decisions", []store.Decision{decision()}, tx.Decisions),
			same(t, "leases", []lease.Lease{leased()}, tx.Leases),
			same(t, "jobs", []*machine.Job{job("open", machine.JobStarted, at)}, func() ([]*machine.Job, error) { return tx.Jobs(10) }),
			same(t, "subnets", []*machine.Subnet{subnet()}, tx.Subnets),
			same(t, "rules", []*machine.Rule{rule("lab", 1)}, tx.Rules),
			same(t, "images", []*machine.Image{image()}, tx.Images),
			same(t, "meta", "value", func() (string, error) { return tx.Meta("key") }),
			same(t, "credentials", "sealed", func() (string, error) { return tx.Credential("owner") }),
			same(t, "people", map[string]string{"ada": `{"name":"ada"}`}, func() (map[string]string, error) { return tx.People("account") }),
			same(t, "audit", []store.Audit{audit()}, func() ([]store.Audit, error) { return tx.Audits(store.AuditQuery{Limit: 10}) }),
		)
	})
	// To read them is to lock them, which a view may not.
	update(t, s, func(tx *store.Tx) error {
		return same(t, "counters", store.Counters{History: 6, Journal: 1, Audit: 1}, tx.Counters)
	})
}

// keptThird asserts what came with the third schema.
func keptThird(t *testing.T, s *store.Store) {
	t.Helper()
	view(t, s, func(tx *store.Tx) error {
		return cmp.Or(
			same(t, "plan", plan(), tx.Plan),
			same(t, "issues", []*machine.Issue{issue()}, tx.Issues),
			same(t, "an issue", issue(), func() (*machine.Issue, error) { return tx.Issue(issue().Ref()) }),
			same(t, "an issue that is not open", nil, func() (*machine.Issue, error) {
				return tx.Issue(machine.IssueRef{Subject: issue().Subject, Kind: "stuck"})
			}),
			same(t, "deliveries", []*machine.Delivery{delivery()}, tx.Deliveries),
			same(t, "waits", []*machine.Wait{wait()}, tx.Waits),
			same(t, "waits of a machine", []*machine.Wait{wait()}, func() ([]*machine.Wait, error) { return tx.WaitsOf(sample().ID) }),
			same(t, "waits of another", []*machine.Wait(nil), func() ([]*machine.Wait, error) { return tx.WaitsOf(planned().ID) }),
			same(t, "replies", reply(), func() (store.Reply, error) { return tx.Reply("ada", "k") }),
			same(t, "names", at, func() (time.Time, error) { return tx.Name("lon6-db-9") }),
		)
	})
}

// keptSixth asserts what came with the sixth schema.
func keptSixth(t *testing.T, s *store.Store) {
	t.Helper()
	view(t, s, func(tx *store.Tx) error {
		return same(t, "check", check("checked", at), func() (*machine.CheckRecord, error) { return tx.Check("checked") })
	})
}

func selector(t *testing.T, text string) machine.Selector {
	t.Helper()
	sel, err := machine.ParseSelector(text)
	if err != nil {
		t.Fatal(err)
	}
	return sel
}

// same compares what read gives with what it should.
func same[T any](t *testing.T, what string, want T, read func() (T, error)) error {
	t.Helper()
	got, err := read()
	if err != nil {
		return err
	}
	if diff := gocmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
	return nil
}

func view(t *testing.T, s *store.Store, fn func(*store.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), fn); err != nil {
		t.Error(err)
	}
}

func update(t *testing.T, s *store.Store, fn func(*store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}
