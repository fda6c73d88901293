package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/patience"
	"firstlight/agent/report"
)

// download reads an image's compressed bytes, and reads on where it was when a
// connection is lost: with the same image, or not at all.
type download struct {
	ctx      context.Context //nolint:containedctx // io.Reader has no other way to end
	open     func(ctx context.Context, path string, offset int64, etag string) (appliance.Stream, error)
	image    report.Image
	patience time.Duration
	log      *slog.Logger

	body   io.ReadCloser
	etag   string
	offset int64
	moved  time.Time // when the last bytes came
}

// Read implements io.Reader.
func (d *download) Read(p []byte) (int, error) {
	for d.offset < d.image.Compressed {
		if d.body == nil {
			if err := d.reopen(); err != nil {
				return 0, err
			}
		}
		n, err := d.body.Read(p)
		d.offset += int64(n)
		if err != nil {
			d.lose(err)
		}
		if n > 0 {
			d.moved = time.Now()
			return n, nil
		}
	}
	return 0, io.EOF
}

// lose forgets a connection. The end of the image is not a loss.
func (d *download) lose(err error) {
	d.body.Close()
	d.body = nil
	if d.offset < d.image.Compressed && d.ctx.Err() == nil {
		d.log.Warn("image's stream lost", "at", d.offset, "of", d.image.Compressed, "error", err)
	}
}

// reopen tries until there is a stream, for as long as patience lasts. After
// the first bytes even a refusal is tried again: an appliance that has just
// started may not have all its images in hand yet.
func (d *download) reopen() error {
	if d.moved.IsZero() {
		d.moved = time.Now()
	}
	for pauses := (patience.Pauses{}); ; {
		s, err := d.open(d.ctx, d.image.Path, d.offset, d.etag)
		if err == nil {
			err = d.accept(s)
		}
		switch {
		case err == nil:
			return nil
		case errors.Is(err, appliance.ErrChanged), d.offset == 0 && appliance.Refused(err):
			return err
		case d.ctx.Err() != nil:
			return d.ctx.Err()
		case time.Since(d.moved) > d.patience:
			return fmt.Errorf("no byte of the image for %v: %w", d.patience, err)
		}
		_ = pauses.Rest(d.ctx)
	}
}

// accept takes a stream if it is of the size that the plan names. Another size
// is another image, just as another ETag is.
func (d *download) accept(s appliance.Stream) error {
	if s.Size != d.image.Compressed {
		s.Body.Close()
		return fmt.Errorf("%w: it has %d bytes, and %d in the plan", appliance.ErrChanged, s.Size, d.image.Compressed)
	}
	if d.offset > 0 {
		d.log.Info("image's stream resumed", "at", d.offset)
	}
	d.body, d.etag = s.Body, s.ETag
	return nil
}

func (d *download) close() {
	if d.body != nil {
		d.body.Close()
	}
}
