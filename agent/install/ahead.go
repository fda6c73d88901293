package install

import (
	"context"
	"io"
)

const (
	piece  = 256 << 10 // bytes that are read and hashed together
	pieces = 8         // read ahead at most
)

// ahead reads a stream before it is asked for, in pieces large enough that
// handing them on costs nothing, and hashes them on the way.
type ahead struct {
	ctx        context.Context //nolint:containedctx // io.Reader has no other way to end
	full, free chan []byte
	piece      []byte // what is being read
	rest       []byte // of piece
}

func newAhead(ctx context.Context) *ahead {
	a := &ahead{ctx: ctx, full: make(chan []byte, pieces), free: make(chan []byte, pieces)}
	for range pieces {
		a.free <- make([]byte, piece)
	}
	return a
}

// fill reads src to its end. Its error has to end the context, which ends Read.
func (a *ahead) fill(src io.Reader, sum io.Writer) error {
	for {
		var b []byte
		select {
		case b = <-a.free:
		case <-a.ctx.Done():
			return a.ctx.Err()
		}
		n, err := io.ReadFull(src, b[:piece])
		ended := err == io.EOF || err == io.ErrUnexpectedEOF //nolint:errorlint // ReadFull's own; a lost connection's error may wrap the same
		if err != nil && !ended {
			return err
		}
		if _, err := sum.Write(b[:n]); err != nil { // never, by the contract of hashes
			return err
		}
		a.full <- b[:n] // has room for all pieces that there are
		if ended {
			close(a.full)
			return nil
		}
	}
}

// Read implements io.Reader.
func (a *ahead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.piece != nil {
			a.free <- a.piece
			a.piece = nil
		}
		select {
		case b, ok := <-a.full:
			if !ok {
				return 0, io.EOF
			}
			a.piece, a.rest = b, b
		case <-a.ctx.Done():
			return 0, a.ctx.Err()
		}
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}
