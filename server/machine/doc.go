// Package machine holds the words of Firstlight: Machine, MAC, Status and its
// legal transitions with their guards, subnets, acceptance rules, jobs, images
// and the selector language.
//
// It knows nothing of databases, sockets, clocks or logs, and imports nothing
// of ours; every other package may import it. Values are plain data: whoever
// holds a *Machine handed out by serverdb must treat it as read-only.
package machine
