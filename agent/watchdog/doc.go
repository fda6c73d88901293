// Package watchdog has the machine start anew when the agent on it hangs.
//
// It promises that the kernel's watchdog is fed only while the agent's main loop
// is heard: the loop says how long it may be silent (Alive), and a ticker alone
// keeps nothing going. A loop that is late is told first to Starved, which ends
// the program so that PID 1 can start it again with its last words kept; only
// where that fails, as with a process that no signal ends or a kernel that stands
// still, the machine is reset. A machine without a watchdog loses no more than
// that. Package agent/pid1 imports it; it imports nothing of ours.
package watchdog
