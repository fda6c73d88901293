package server

import (
	"context"
	"crypto/ed25519"
	"encoding/json"

	"firstlight/server/ca"
	"firstlight/server/certificate"
)

func (a *Appliance) openCertificates(context.Context) (err error) {
	a.eraseKey, err = ca.OpenErase(a.Config.State)
	return err
}

// certify signs that a disk was erased, in the name of this appliance.
func (a *Appliance) certify(s certificate.Statement) (string, error) {
	s.Appliance = a.Config.Site.Name
	c, err := certificate.Sign(s, a.eraseKey)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(c)
	return string(text), err
}

// erasePublic is the half of the key that whoever verifies has.
func (a *Appliance) erasePublic() ed25519.PublicKey {
	public, _ := a.eraseKey.Public().(ed25519.PublicKey)
	return public
}
