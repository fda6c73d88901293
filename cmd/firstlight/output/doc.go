// Package output prints what commands answer: a table for people, and JSON,
// YAML, CSV or names for programs, all from one definition of the columns.
//
// It promises that nothing a stranger wrote can command a terminal, that JSON
// and YAML hold exactly what the API said, and that a row of CSV is data: times
// are RFC 3339 in UTC and sizes are bytes, where the table shows ages and units.
// It knows no command and asks no appliance. Only cmd/firstlight imports it.
package output
