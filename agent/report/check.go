package report

// CheckPlan is what an order to check asks for. It rides on the order itself: a
// check destroys nothing, so that it needs no token, and an agent that restarts may
// begin it again. Tests run in the order given; those of the same Group run at once.
type CheckPlan struct {
	Tests []CheckTest `json:"tests"`
}

// CheckTest is one test of a plan, for as long as Seconds at most.
type CheckTest struct {
	Test    string `json:"test"`
	Seconds int    `json:"seconds"`
	// Group lets tests run beside each other, as a burn-in wants processor, memory
	// and disks busy at once; 0 runs alone.
	Group int `json:"group,omitempty"`
}

// Tests that an agent knows. One that it does not know is answered by a Measured
// whose Error says so; the others are run.
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
	MetricErrors      = "errors"      // count: wrong results, wrong bytes, ECC errors since the test began
	MetricOutcome     = "outcome"     // 0 passed, 1 failed: disk-self-test
)

// Measured is one figure about one part.
type Measured struct {
	Test   string `json:"test"`
	Metric string `json:"metric"`
	Part   string `json:"part"` // disk's serial, DIMM's slot, interface's MAC, "cpu3", the sensor's label
	Unit   string `json:"unit"` // "MB/s", "M/s", "ms", "°C", "count", ""
	// Value is the figure, Samples what it is made of: at most 120, at even
	// intervals over Seconds.
	Value   float64   `json:"value"`
	Samples []float64 `json:"samples,omitempty"`
	Seconds float64   `json:"seconds"`
	// Error is why the part fails whatever its figure, or could not be tested, in
	// one sentence; "" where it may be judged by its figure.
	Error string `json:"error,omitempty"`
}

// StepCheck is the step of a check, which has one; Done and Total are seconds.
const StepCheck = "check"
