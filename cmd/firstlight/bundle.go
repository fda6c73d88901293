package main

import (
	"context"
	"fmt"
	"net/url"
	"time"
)

type bootBundleCmd struct {
	remote
	Ref   string `arg:"" complete:"machine" help:"Hardware name, host name or id of a machine, or any MAC."`
	File  string `arg:"" help:"Zip file to write; - is standard output."`
	Since string `default:"24h" placeholder:"TIME" help:"How far back its rows go, such as 2h or 3d (24h)."`
}

// Run takes what is known of a machine's boots out of the appliance.
func (c *bootBundleCmd) Run(ctx context.Context, h *host) error {
	back, err := period(c.Since)
	if err != nil {
		return err
	}
	path := fmt.Sprintf("/machines/%s/bundle?since_seconds=%d", url.PathEscape(c.Ref), int64(back/time.Second))
	return c.file(ctx, h, path, c.File)
}
