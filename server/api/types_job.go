package api

// TimeFormat is how jobs, and nothing else of the API, write times: in UTC,
// without a zone.
const TimeFormat = "2006-01-02 15:04:05"

// Job is one durable piece of work on one machine. Its first ten keys are those
// of Neep; times are UTC, such as "2015-07-31 17:45:53".
type Job struct {
	Status    string            `json:"status" enum:"queued,started,finished,failed,cancelled"`
	Result    *string           `json:"result" doc:"Why it did not finish; null while it is open and when it finished" example:"write: no space left on device"`
	Params    map[string]string `json:"params" nullable:"false" doc:"Image, role, disks and what else the job works with"`
	Target    string            `json:"target" doc:"The selector, as it was given" example:"hardwarename=C0MPUT3"`
	Requester string            `json:"requester" doc:"For whom" example:"team-search"`
	Action    string            `json:"action" enum:"install,erase,check,bmc"`
	EndedAt   *string           `json:"ended_at" doc:"UTC; null while it is open" example:"2015-07-31 17:45:53"`
	CreatedAt string            `json:"created_at" doc:"UTC" example:"2015-07-31 17:36:31"`
	ID        string            `json:"id" doc:"UUIDv4" example:"5f0c9c6e-6f0b-4b5e-8a43-0d7b8f5f3c1e"`
	User      string            `json:"user" doc:"Who called" example:"ada"`

	Version int64 `json:"version" doc:"Grows with every change; the ETag is made of it" example:"7"`

	Machine   string `json:"machine" doc:"Hardware name of the machine" example:"C0MPUT3"`
	MachineID string `json:"machine_id" example:"0198f0a2-7c1b-7d3e-9a51-3f1c0f6f2b10"`
	Attempt   int    `json:"attempt" doc:"Of the writing, from 1" example:"1"`
	Step      string `json:"step,omitempty" doc:"Where it stands; absent at its end" example:"write"`
	Steps     []Step `json:"steps" nullable:"false" doc:"In their order"`

	Disks []JobDisk `json:"disks,omitempty" doc:"Of an erase: what is to become, or became, of each"`
	Check *JobCheck `json:"check,omitempty" doc:"Of a check that came to a verdict"`
}

// JobCheck is the verdict of a check.
type JobCheck struct {
	OK       bool   `json:"ok" doc:"The hardware passed"`
	Sentence string `json:"sentence" example:"disk S4X7NB0K reads 52 MB/s; 11 like it read 480 to 530"`
}

// JobDisk is a disk of an erase.
type JobDisk struct {
	Serial string `json:"serial" example:"S3X7NB0K"`
	Model  string `json:"model,omitempty" example:"INTEL SSDPE2KX040T8"`
	Bytes  uint64 `json:"bytes" example:"4000787030016"`
	State  string `json:"state" enum:"waiting,erased,failed"`
	Method string `json:"method,omitempty" example:"format-crypto"`
	Error  string `json:"error,omitempty" example:"input/output error"`
}

// Step is one durable step of a job.
type Step struct {
	Name      string `json:"name" example:"write"`
	Status    string `json:"status" enum:"waiting,running,done,skipped,failed"`
	Attempt   int    `json:"attempt" doc:"Commands sent" example:"1"`
	Error     string `json:"error,omitempty" doc:"The last one, word for word"`
	Note      string `json:"note,omitempty" doc:"How it was proven, or why it was skipped" example:"power on"`
	StartedAt string `json:"started_at,omitempty" doc:"UTC" example:"2015-07-31 17:36:31"`
	EndedAt   string `json:"ended_at,omitempty" doc:"UTC" example:"2015-07-31 17:37:02"`
	Deadline  string `json:"deadline,omitempty" doc:"UTC; after it the step fails" example:"2015-07-31 17:46:31"`
}

// JobOrder asks for one job on each machine that the target picks.
type JobOrder struct {
	Action    string    `json:"action" enum:"install"`
	Target    string    `json:"target" minLength:"1" maxLength:"1024" doc:"Selector; it must pick exactly one machine, or as many as expect says" example:"hardwarename=C0MPUT3"`
	Params    JobParams `json:"params" doc:"What the action works with"`
	Owner     string    `json:"owner,omitempty" maxLength:"64" doc:"Whose the machine will be" example:"team-search"`
	Requester string    `json:"requester,omitempty" maxLength:"64" doc:"For whom; absent: for the one who calls" example:"team-search"`
	Expect    int       `json:"expect,omitempty" minimum:"0" maximum:"1000" doc:"How many machines the target picks; absent: one. Another number is refused (409)" example:"1"`
	DryRun    bool      `json:"dry_run,omitempty" doc:"Say what would become of each machine, and make nothing"`
	Partial   bool      `json:"partial,omitempty" doc:"Make the jobs that can be made; absent: none where one machine is refused"`
}

// JobParams is what an install needs.
type JobParams struct {
	Image string `json:"image" minLength:"1" maxLength:"64" doc:"Name of an image of the catalogue" example:"debian-12"`
	Role  string `json:"role,omitempty" maxLength:"63" doc:"Host names are made of it; absent: the machine's, its rule's, or node" example:"web"`
}

// JobBatch is what became of an order for more than one machine.
type JobBatch struct {
	Items    []Job     `json:"items" nullable:"false" doc:"Jobs that were made"`
	Accepted []string  `json:"accepted" nullable:"false" doc:"Machines that would get a job: it is a dry run" example:"[\"C0MPUT3\"]"`
	Refused  []Refusal `json:"refused" nullable:"false" doc:"Machines without a job"`
}

// Refusal is why one machine of an order has no job.
type Refusal struct {
	Machine string `json:"machine" doc:"Hardware name" example:"C0MPUT3"`
	Detail  string `json:"detail" example:"machine C0MPUT3 is locked (disk under investigation): unlock it first"`
}
