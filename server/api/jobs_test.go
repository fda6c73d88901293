package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/auth"
)

const installFL1 = `{"action":"install","target":"hardwarename=FL1","params":{"image":"debian-12","role":"web"},"owner":"team-search","requester":"grace"}`

func TestAJobHasItsTenKeys(t *testing.T) {
	b := newBench(t)
	b.add(1)
	r := b.as(auth.Engineer, http.MethodPost, "/jobs", installFL1)
	j := read[Job](b, r, http.StatusCreated)
	if got := r.Header.Get("Location"); got != Prefix+"/jobs/"+j.ID {
		t.Errorf("Location = %q", got)
	}
	again := b.get("/jobs/" + j.ID)
	if diff := cmp.Diff(j, read[Job](b, again, http.StatusOK)); diff != "" {
		t.Errorf("the job when asked for (-made +read):\n%s", diff)
	}
	var keys map[string]any
	b.must(json.Unmarshal([]byte(again.body), &keys))
	for k := range strings.FieldsSeq("status result params target requester action ended_at created_at id user") {
		if _, ok := keys[k]; !ok {
			t.Errorf("key %s is missing in %s", k, again.body)
		}
	}
	if keys["result"] != nil || keys["ended_at"] != nil {
		t.Errorf("result %v and ended_at %v of an open job, want null", keys["result"], keys["ended_at"])
	}
	if len(j.CreatedAt) != len(TimeFormat) || j.CreatedAt[10] != ' ' {
		t.Errorf("created_at = %q, want it like 2015-07-31 17:45:53", j.CreatedAt)
	}
	got := []string{j.Status, j.Target, j.Requester, j.User, j.Action, j.Machine, j.Params["image"], j.Step}
	if diff := cmp.Diff([]string{"queued", "hardwarename=FL1", "grace", "ada", "install", "FL1", "debian-12", "start"}, got); diff != "" {
		t.Errorf("job (-want +got):\n%s", diff)
	}
	m := read[Machine](b, b.get("/machines/FL1"), http.StatusOK)
	if m.Job != j.ID || m.Owner != "team-search" || m.Hostname != "lab-web-1" {
		t.Errorf("machine has job %q, owner %q, host name %q", m.Job, m.Owner, m.Hostname)
	}
}

func TestASecondJobIsRefused(t *testing.T) {
	b := newBench(t)
	b.add(1)
	j := read[Job](b, b.post("/jobs", installFL1), http.StatusCreated)
	b.refuses(b.post("/jobs", installFL1), http.StatusConflict, j.ID, "cancel it")
}

func TestAKeyMakesAnOrderOnce(t *testing.T) {
	b := newBench(t)
	b.add(1)
	b.add(2)
	const order = `{"action":"install","target":"status=available name=FL1","params":{"image":"debian-12"}}`
	first := read[Job](b, b.post("/jobs", order, idempotencyKey, "k1"), http.StatusCreated)
	second := read[Job](b, b.post("/jobs", order, idempotencyKey, "k1"), http.StatusCreated) // nothing is available as FL1 any more
	if first.ID != second.ID {
		t.Errorf("job ids %s and %s, want one job", first.ID, second.ID)
	}
	p := b.refuses(b.post("/jobs", strings.Replace(order, "FL1", "FL2", 1), idempotencyKey, "k1"), http.StatusUnprocessableEntity, "Idempotency-Key", `"k1"`, "send a new key")
	if p.Errors[0].Location != "header.Idempotency-Key" {
		t.Errorf("location = %q, want the header", p.Errors[0].Location)
	}
	if got := read[List[Job]](b, b.get("/jobs"), http.StatusOK); got.Total != 1 {
		t.Errorf("%d jobs, want 1", got.Total)
	}
}

func TestManyMachinesMustBeCounted(t *testing.T) {
	b := newBench(t)
	for n := 1; n <= 3; n++ {
		b.add(n)
	}
	const order = `{"action":"install","target":"rack=r1","params":{"image":"debian-12"}`
	b.refuses(b.post("/jobs", order+`}`), http.StatusUnprocessableEntity, "picks 3 machines", "narrow it to one, or say how many you expect")
	b.refuses(b.post("/jobs", order+`,"expect":2}`), http.StatusConflict, `expect "2"`, "the target picks 3 machines, not 2")
	read[Machine](b, b.post("/machines/FL2/lock", `{"note":"why"}`), http.StatusOK)

	const locked = "machine FL2 is locked: why"
	p := b.refuses(b.post("/jobs", order+`,"expect":3}`), http.StatusConflict, "1 of 3 machines are refused, and nothing was changed: FL2")
	if len(p.Errors) != 1 || p.Errors[0].Location != "machines.FL2" || p.Errors[0].Message != locked {
		t.Errorf("errors = %+v", p.Errors)
	}
	dry := read[JobBatch](b, b.post("/jobs", order+`,"expect":3,"dry_run":true}`), http.StatusOK)
	if diff := cmp.Diff(JobBatch{Items: []Job{}, Accepted: []string{"FL1", "FL3"}, Refused: []Refusal{{"FL2", locked}}}, dry); diff != "" {
		t.Errorf("dry run (-want +got):\n%s", diff)
	}
	if jobs := read[List[Job]](b, b.get("/jobs"), http.StatusOK); jobs.Total != 0 || read[Machine](b, b.get("/machines/FL1"), http.StatusOK).Hostname != "" {
		t.Errorf("%d jobs before anything was ordered", jobs.Total)
	}

	made := read[JobBatch](b, b.post("/jobs", order+`,"expect":3,"partial":true}`, idempotencyKey, "k"), http.StatusMultiStatus)
	var with []string
	for _, j := range made.Items {
		with = append(with, j.Machine)
	}
	if diff := cmp.Diff([]string{"FL1", "FL3"}, with); diff != "" {
		t.Errorf("machines with a job (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Refusal{{"FL2", locked}}, made.Refused); diff != "" {
		t.Errorf("machines without (-want +got):\n%s", diff)
	}
	b.add(4) // it joins the rack; the order that is sent again must leave it alone
	again := read[JobBatch](b, b.post("/jobs", order+`,"expect":3,"partial":true}`, idempotencyKey, "k"), http.StatusMultiStatus)
	if diff := cmp.Diff(made.Items, again.Items); diff != "" {
		t.Errorf("the order sent again (-first +second):\n%s", diff)
	}
}

// TestAKeySentAtOnceMakesOneOrder: whoever comes second must not pick what the
// first one left, and is answered like it, or asked to wait for it.
func TestAKeySentAtOnceMakesOneOrder(t *testing.T) {
	b := newBench(t)
	b.add(1)
	b.add(2)
	const order = `{"action":"install","target":"status=available","params":{"image":"debian-12"},"expect":2}`
	answers := make(chan reply, 8)
	for range cap(answers) {
		go func() { answers <- b.post("/jobs", order, idempotencyKey, "k") }()
	}
	var bodies []string
	for range cap(answers) {
		if r := <-answers; r.StatusCode == http.StatusMultiStatus {
			bodies = append(bodies, r.body)
		} else if b.refuses(r, http.StatusConflict, "still carried out"); r.Header.Get("Retry-After") == "" {
			t.Error("it does not say when to come again")
		}
	}
	if bodies = slices.Compact(bodies); len(bodies) != 1 {
		t.Errorf("%d answers to one key, want one: %s", len(bodies), bodies)
	}
	if jobs := read[List[Job]](b, b.get("/jobs"), http.StatusOK); jobs.Total != 2 {
		t.Errorf("%d jobs, want 2", jobs.Total)
	}
}

func TestJobsByPagesNewestFirst(t *testing.T) {
	b := newBench(t)
	var want []string
	for n, name := range []string{"FL1", "FL2", "FL3"} {
		b.add(n + 1)
		want = append(want, read[Job](b, b.post("/jobs", strings.ReplaceAll(installFL1, "FL1", name)), http.StatusCreated).ID)
	}
	slices.Reverse(want)
	var got []string
	for cursor := ""; ; {
		l := read[List[Job]](b, b.get("/jobs?limit=1&status=queued&cursor="+cursor), http.StatusOK)
		for _, j := range l.Items {
			got = append(got, j.ID)
		}
		if cursor = l.NextCursor; cursor == "" || len(got) > len(want) {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages of one job (-want +got):\n%s", diff)
	}
	of := read[List[Job]](b, b.get("/jobs?machine=FL2"), http.StatusOK)
	if of.Total != 1 || of.Items[0].Machine != "FL2" {
		t.Errorf("jobs of FL2 = %+v", of.Items)
	}
	if none := read[List[Job]](b, b.get("/jobs?status=failed"), http.StatusOK); none.Total != 0 || none.Items == nil {
		t.Errorf("failed jobs = %+v, want an empty list", none)
	}
	b.refuses(b.get("/jobs?status=faild"), http.StatusUnprocessableEntity, "query.status", "queued, started, finished, failed, cancelled")
}

func TestCancel(t *testing.T) {
	b := newBench(t)
	b.add(1)
	j := read[Job](b, b.post("/jobs", installFL1), http.StatusCreated)
	got := read[Job](b, b.as(auth.Engineer, http.MethodPost, "/jobs/"+j.ID+"/cancel", ""), http.StatusOK)
	if got.Status != "cancelled" || got.EndedAt == nil || len(*got.EndedAt) != len(TimeFormat) || got.Result == nil || !strings.Contains(*got.Result, "cancelled by ada") || got.Step != "" {
		t.Errorf("job = %+v", got)
	}
	b.refuses(b.post("/jobs/"+j.ID+"/cancel", ""), http.StatusConflict, "is cancelled")
	if m := read[Machine](b, b.get("/machines/FL1"), http.StatusOK); m.Status != "available" || m.Job != "" {
		t.Errorf("machine is %s with job %q, want available with none", m.Status, m.Job)
	}
}

// TestJobsKeepTheirSecrets: whoever may look must not be able to write a disk.
func TestJobsKeepTheirSecrets(t *testing.T) {
	b := newBench(t)
	b.add(1)
	r := b.post("/jobs", installFL1)
	var keys map[string]any
	b.must(json.Unmarshal([]byte(r.body), &keys))
	if _, shown := keys["token"]; shown {
		t.Errorf("the job shows its token: %s", r.body)
	}
}
