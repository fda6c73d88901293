// Package netns gives the virtual rack a network of its own that nobody has to
// clean up: it runs the whole program again as the first process of new
// network, process and mount namespaces (and, for an ordinary user, a user
// namespace), and lays bridges, taps and cables inside them.
//
// It promises that nothing is left behind. The kernel ends every process of a
// process namespace with its first one, and interfaces and mounts go with the
// last process; the first process itself ends with the one that started it,
// however that died. Only server/virtualrack and its tests import it.
package netns
