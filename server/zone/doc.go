// Package zone decides what ServerDb's machines are called in the DNS: subnets
// and machines go in, zones come out, with the problems that were found.
//
// It promises that equal input gives equal bytes, whatever order it comes in;
// that every machine's address record has its PTR and every PTR its address
// record; that no name and no address has two owners: of two that want the
// same, the one that serves already keeps it, and a Problem names both.
//
// It is pure: no clock, no sockets, no log, no DNS library, so that the plan,
// its checks and a person's review can stand between building a zone and
// serving it. It imports package machine only. server/dns serves what it
// builds; web and jobs use Host for a machine's full name.
package zone
