package report

// Adoption asks the appliance to take over a machine that is in use already, as
// it is: the body of POST /api/v1/adoptions, with an admin's token. Its Report
// has an OS. A Welcome answers it.
type Adoption struct {
	Report Report `json:"report"`
	Reason string `json:"reason"` // why, for the machine's history
}
