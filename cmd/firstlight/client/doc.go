// Package client asks a running appliance over its REST API: where it is, who
// asks, and how its answers and problems are read.
//
// It promises that every error is one sentence with a remedy, that its kind
// tells an exit code, and that a token goes to no other address than the one it
// was stored for. It speaks with the types of server/api, so that command line
// and API cannot disagree; it prints nothing. Only cmd/firstlight imports it.
package client
