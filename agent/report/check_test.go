package report

import "testing"

func TestCheckIsFrozenInV1(t *testing.T) {
	frozen(t, "order-check", Order{ID: "11", Action: ActionCheck, Sentence: "Is checked for 10 minutes.", Check: &CheckPlan{Tests: []CheckTest{
		{Test: TestProcessor, Seconds: 300, Group: 1}, {Test: TestMemory, Seconds: 300, Group: 1}, {Test: TestDiskSelf, Seconds: 300},
	}}})
	frozen(t, "result-checked", Result{Order: "11", OK: true, Step: StepCheck, Measured: []Measured{
		{Test: TestDiskRead, Metric: MetricRate, Part: "S3RIAL", Unit: "MB/s", Value: 512.5, Samples: []float64{510, 515}, Seconds: 2},
		{Test: TestThermal, Metric: MetricTemperature, Part: "coretemp Package id 0", Unit: "°C", Value: 101, Samples: []float64{101}, Seconds: 1, Error: "101 °C reached the critical threshold of 100 °C"},
		{Test: TestDiskSelf, Part: "NVME-1", Error: "cannot be tested: nvme0n1: the controller has no self-test", Untested: true},
	}})
}
