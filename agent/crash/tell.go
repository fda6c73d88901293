package crash

import (
	"context"
	"log/slog"
	"os"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/patience"
	"firstlight/agent/report"
)

// Tell gives one crash to the appliance.
type Tell func(ctx context.Context, c report.Crash) error

// Send tells the appliance of what the folder holds, the oldest first, and
// forgets what it took. It returns when that is done, or when ctx ends. uptime is
// how long ago the kernel started.
func (d Dir) Send(ctx context.Context, tell Tell, uptime func() time.Duration, log *slog.Logger) {
	all, err := d.waiting()
	if err != nil {
		log.Error("crashes stay untold", "error", err)
	}
	for _, path := range all {
		c, err := read(path)
		if err == nil {
			err = Insist(ctx, tell, c, uptime, log)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			log.Error("a crash stays untold", "file", path, "error", err)
		}
		if err := os.Remove(path); err != nil {
			log.Error("a crash is told, and its file stays", "error", err)
		}
	}
}

// Bounds of the pauses between two attempts. Crashes are in no hurry, and a machine
// that the appliance does not know has to report first.
const (
	firstPause = time.Second
	longPause  = time.Minute
)

// Insist tells of one crash until the appliance takes it, or refuses it for what
// it is: that is an error.
func Insist(ctx context.Context, tell Tell, c report.Crash, uptime func() time.Duration, log *slog.Logger) error {
	for pauses := (patience.Pauses{First: firstPause, Longest: longPause}); ; {
		c.Ago = max(0, uptime().Seconds()-c.Uptime)
		err := tell(ctx, c)
		if err == nil {
			log.Info("crash told", "life", c.Life, "end", c.End, "cause", c.Cause)
			return nil
		}
		if appliance.Unwanted(err) {
			return err
		}
		if err := pauses.Rest(ctx); err != nil {
			return err
		}
	}
}
