package jobs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"firstlight/agent/report"
)

// allTests are those that are asked for where nobody says which, in the order in
// which they run.
var allTests = []string{report.TestNetwork, report.TestDiskRead, report.TestDiskSelf, report.TestProcessor, report.TestMemory, report.TestThermal}

// chosenTests are some of them in their order; none: all.
func chosenTests(names []string) (all []string, err error) {
	if len(names) == 0 {
		return allTests, nil
	}
	for _, n := range names {
		if !slices.Contains(allTests, n) {
			return nil, refuse("test %q: want some of %s", n, strings.Join(allTests, ", "))
		}
	}
	for _, t := range allTests {
		if slices.Contains(names, t) {
			all = append(all, t)
		}
	}
	return all, nil
}

// burnIn is the budget from which on processors, memory and disks are busy at once:
// what fails under load, for want of power or air, fails then.
const burnIn = time.Hour

// shares are the parts of a short budget that tests have. The self-tests of the
// disks run beside the processors, which leave them alone; sensors are read all the
// time.
var shares = map[string]int{report.TestNetwork: 10, report.TestDiskRead: 30, report.TestProcessor: 30, report.TestMemory: 30}

const (
	besides = 1 // group of processors and self-tests
	load    = 2 // group of a burn-in
)

// planCheck divides a budget over tests.
func planCheck(tests []string, budget time.Duration) *report.CheckPlan {
	if budget >= burnIn {
		return planBurnIn(tests, int(budget.Seconds()))
	}
	all, parts := int(budget.Seconds()), 0
	for _, t := range tests {
		parts += shares[t]
	}
	plan := &report.CheckPlan{}
	for _, t := range tests {
		one := report.CheckTest{Test: t, Seconds: all}
		if parts > 0 && shares[t] > 0 {
			one.Seconds = all * shares[t] / parts
		}
		if t == report.TestDiskSelf && slices.Contains(tests, report.TestProcessor) {
			one.Seconds = all * shares[report.TestProcessor] / parts
		}
		if t == report.TestDiskSelf || t == report.TestProcessor {
			one.Group = besides
		}
		plan.Tests = append(plan.Tests, one)
	}
	return plan
}

// planBurnIn gives the network and the self-tests a few minutes, and the rest to all
// that make heat at once.
func planBurnIn(tests []string, left int) *report.CheckPlan {
	first := map[string]int{report.TestNetwork: 60, report.TestDiskSelf: 300}
	budget := left
	for _, t := range tests {
		left -= first[t]
	}
	plan := &report.CheckPlan{}
	for _, t := range tests {
		one := report.CheckTest{Test: t, Seconds: left, Group: load}
		switch {
		case first[t] > 0:
			one.Seconds, one.Group = first[t], 0
		case t == report.TestThermal:
			one.Seconds, one.Group = budget, 0
		}
		plan.Tests = append(plan.Tests, one)
	}
	return plan
}

// under names how the tests were run: figures that were measured under another load
// tell nothing of each other.
func under(budget time.Duration) string {
	if budget >= burnIn {
		return ", under load"
	}
	return ""
}

func planned(p *report.CheckPlan) string {
	var all []string
	for _, t := range p.Tests {
		all = append(all, fmt.Sprintf("%s %s", t.Test, seconds(int64(t.Seconds))))
	}
	return strings.Join(all, ", ")
}
