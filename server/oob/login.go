package oob

// Login is how to log in to the BMC of the machine with a serial, as a delivery
// list or a person has it.
type Login struct {
	Serial   string
	Address  string // host or host:port; empty: as the machine reports it
	User     string
	Password Secret
}
