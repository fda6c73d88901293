// Package logbook is the agent's log: it makes lines of records, for the console and
// for the appliance, and keeps the latter until the appliance has them.
//
// It promises that nobody who logs ever waits, that lines reach the appliance in
// their order and once, and that those for which there was no room while it was
// away are counted: the newest are kept, for they tell of the trouble. Packages
// agent, agent/pid1 and server/virtualrack/light import it; it imports agent/appliance,
// for what a refusal means, agent/patience and agent/report.
package logbook
