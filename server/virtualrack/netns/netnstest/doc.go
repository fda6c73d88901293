// Package netnstest gives tests hosts of their own: network namespaces joined by
// cables, in which servers of ours meet the clients that people really use.
//
// It promises that a test leaves nothing behind: the namespaces have no names
// and end with the test, processes in them are ended and waited for. Without
// root or without a tool it skips and says so. Only tests may import it.
package netnstest
