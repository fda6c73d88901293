package passthrough

// answers is a made door: it writes down what it was sent, and answers as told.
type answers struct {
	admin []Admin
	cdbs  [][]byte
	out   [][]byte
	data  []byte  // for whoever reads
	errs  []error // one for each command; none is none
}

func (a *answers) next() error {
	n := len(a.admin) + len(a.cdbs) - 1
	if n < len(a.errs) {
		return a.errs[n]
	}
	return nil
}

func (a *answers) Admin(c Admin, data []byte) error {
	a.admin = append(a.admin, c)
	copy(data, a.data)
	return a.next()
}

func (a *answers) Namespace() (uint32, error) { return 1, nil }

func (a *answers) SCSI(c SCSI, data []byte) error {
	a.cdbs = append(a.cdbs, c.CDB)
	if c.Out {
		a.out = append(a.out, data)
	} else {
		copy(data, a.data)
	}
	return a.next()
}
