package light

import (
	"fmt"
	"os"

	"github.com/diskfs/go-diskfs/filesystem/fat12"
)

// Install puts a system onto a blank disk as if it had been there before there
// was an appliance: it starts under its host name, and calls nobody.
func (d *Disk) Install(host string) error {
	err := layOut(d)
	if err == nil {
		err = d.seed(map[string]string{
			"meta-data": fmt.Sprintf("instance-id: %q\nlocal-hostname: %q\n", host, host),
			"user-data": "#cloud-config\n",
		})
	}
	if err != nil {
		return fmt.Errorf("install %s: %w", host, err)
	}
	return nil
}

func (d *Disk) seed(files map[string]string) error {
	fat, err := fat12.Read(d.section(mebibyte, mebibyte), mebibyte, 0, 512)
	if err != nil {
		return err
	}
	for name, text := range files {
		f, err := fat.OpenFile("/"+name, os.O_CREATE|os.O_RDWR|os.O_TRUNC)
		if err != nil {
			return err
		}
		if _, err := f.Write([]byte(text)); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}
