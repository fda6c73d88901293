package report

// CheckPlan is what an order to check asks for. It rides on the order itself: a
// check destroys nothing, so that it needs no token, and an agent that restarts may
// begin it again. Tests run in the order given. Those of one Group run at once, when
// the first of them is due.
type CheckPlan struct {
	Tests []CheckTest `json:"tests"`
}

// CheckTest is one test of a plan, for as long as Seconds at most. The one of
// temperatures runs beside all the others of its plan, whatever its Group and its
// Seconds, and by these where it is alone.
type CheckTest struct {
	Test    string `json:"test"`
	Seconds int    `json:"seconds"`
	// Group lets tests run beside each other, as a burn-in wants processor, memory
	// and disks busy at once; 0 runs alone.
	Group int `json:"group,omitempty"`
}

// CheckSeconds is the longest that one test may take.
const CheckSeconds = 7 * 24 * 3600

// Tests that an agent knows. One that it does not know is answered by a Measured
// that is Untested; the others are run.
const (
	TestProcessor = "processor"      // every thread computes what is known, and compares
	TestMemory    = "memory"         // patterns into what is free, read back; by the EDAC counters, too
	TestDiskRead  = "disk-read"      // each disk is read, opened read-only, past every cache
	TestDiskSelf  = "disk-self-test" // each disk's own short self-test (NVMe, ATA, SCSI)
	TestNetwork   = "network"        // bytes from the appliance over the boot interface
	TestThermal   = "thermal"        // what the sensors show, from the first to the last test
)

// Metrics of tests, with their units. Value is the figure that a verdict is about:
// for a rate the mean over the test, for a latency and a temperature the worst.
const (
	MetricRate        = "rate"        // MB/s (10^6), disk-read, network and memory
	MetricOperations  = "operations"  // M/s (10^6 rounds), processor, by thread
	MetricLatency     = "latency"     // ms, disk-read: the slowest read of 1 MiB
	MetricTemperature = "temperature" // °C, thermal, by sensor
	MetricErrors      = "errors"      // count: wrong results, wrong bytes, reads that failed, ECC errors since the test began
	MetricThrottled   = "throttled"   // count, thermal: how often a package's processors were slowed for their heat
	MetricOutcome     = "outcome"     // 0 passed, 1 failed: disk-self-test
)

// Measured is one figure about one part.
type Measured struct {
	Test   string `json:"test"`
	Metric string `json:"metric,omitempty"` // "" where a test said nothing of a part but Error
	// Part is the disk's serial, the DIMM's slot, the interface's MAC, "cpu3", the
	// sensor's label; "" where the test as a whole is Untested.
	Part string `json:"part,omitempty"`
	Unit string `json:"unit,omitempty"` // "MB/s", "M/s", "ms", "°C", "count", ""
	// Value is the figure, Samples what it is made of: at most CheckSamples, at even
	// intervals over Seconds.
	Value   float64   `json:"value"`
	Samples []float64 `json:"samples,omitempty"`
	Seconds float64   `json:"seconds"`
	// Error is why the part fails whatever its figure, in one sentence, or why it is
	// Untested; "" where it may be judged by its figure.
	Error string `json:"error,omitempty"`
	// Untested says that there is no figure: the part has no such test, or it could
	// not be carried out. Nothing is known then, neither good nor bad.
	Untested bool `json:"untested,omitempty"`
}

// Bounds of what a result carries, which has to fit into MaxBytes: samples of one
// figure, and of all together. A machine of many parts has fewer for each.
const (
	CheckSamples    = 120
	CheckSamplesAll = 12000
)

// StepCheck is the step of a check, which has one; Done and Total are seconds.
const StepCheck = "check"
