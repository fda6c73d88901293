package main

import (
	"context"
	"fmt"
	"os"

	"firstlight/server/api"
	"firstlight/server/certificate"
)

// certificateCmd is about certificates of erased disks.
type certificateCmd struct {
	Verify certificateVerifyCmd `cmd:"" help:"Verify certificates of erased disks, without an appliance."`
	Key    certificateKeyCmd    `cmd:"" help:"Print the public key that verifies the certificates of an appliance; keep it where you verify."`
}

type certificateVerifyCmd struct {
	File string `arg:"" type:"existingfile" help:"What machine certificate printed."`
	Key  string `required:"" type:"existingfile" placeholder:"FILE" help:"What certificate key printed, kept from before."`
}

// Run says of each certificate what it states, once its signature fits.
func (c *certificateVerifyCmd) Run(h *host) error {
	text, err := os.ReadFile(c.Key)
	if err != nil {
		return err
	}
	key, err := certificate.ReadKey(text)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Key, err)
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	all, err := certificate.Read(f)
	if err != nil {
		return err
	}
	for _, one := range all { // before a word of any is shown
		if err := one.Verify(key); err != nil {
			return failure{code: exitRefused, err: err}
		}
	}
	for _, one := range all {
		s := one.Statement
		err := h.say("disk %s (%s, %d bytes) of %s was erased by %s (%s), %d bytes read back as %s, at %s by job %s of %s, for %s",
			s.Disk.Serial, s.Disk.Model, s.Disk.Bytes, s.Machine.Name, s.Method, s.Category, s.Read, s.Fill, s.Ended.UTC().Format("2006-01-02 15:04:05 UTC"), s.Job, s.Appliance, s.Requester)
		if err != nil {
			return err
		}
	}
	return nil
}

type certificateKeyCmd struct{ remote }

// Run prints the key.
func (c *certificateKeyCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var key api.CertificateKey
	if _, err := a.Get(ctx, "/certificate-key", nil, &key); err != nil {
		return err
	}
	_, err = fmt.Fprint(h.out, key.Key)
	return err
}

func errNoCertificate(machine, disk string) error {
	if disk != "" {
		return fmt.Errorf("machine %s has no certificate for disk %s: see firstlight machine erasures %s", machine, disk, machine)
	}
	return fmt.Errorf("machine %s has no certificate: see firstlight machine erasures %s", machine, machine)
}
