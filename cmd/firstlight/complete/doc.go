// Package complete finds what may stand at the end of a command line that is
// being typed: commands, flags, their values and, through a function that it is
// given, names that only a running appliance knows.
//
// It reads the commands' own model, so that a new command completes as soon as
// it exists. What an argument names stands in its tag complete: a kind, such as
// complete:"machine", or words, such as complete:"queued,started"; file stands
// for files, which the shell knows best. It asks nobody and promises never to
// fail: where it knows nothing, it gives nothing.
package complete
