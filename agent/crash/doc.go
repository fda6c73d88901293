// Package crash keeps the last words of an agent that ended, for the appliance.
//
// PID 1 takes what its child writes to stderr into a Ring, and puts what is worth
// telling of a life into a Dir in memory; the next life that reaches the
// appliance sends it, the oldest first, for as long as it takes. Everything is
// bounded: an agent that dies at every start fills neither memory nor network.
// What is in memory does not outlive the machine's reset: of the end of a kernel
// nothing is known here. Package agent/pid1 imports it, and the virtual rack; it
// imports agent/appliance, agent/patience and agent/report.
package crash
