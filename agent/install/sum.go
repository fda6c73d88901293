package install

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"firstlight/agent/report"
)

// sum hashes an image in the one place where the plan has a hash to compare
// with: on the wire where it can, as raw bytes otherwise. The bytes on the wire
// decide the raw ones, and hashing is what an emulated processor is slowest at
// (QEMU 7.2 on a busy core, November 2026: 9 MB/s, while it unpacks 60 MB/s).
type sum struct {
	hash.Hash
	want   string
	onWire bool
}

func newSum(i report.Image) *sum {
	if i.CompressedSHA256 != "" {
		return &sum{sha256.New(), i.CompressedSHA256, true}
	}
	return &sum{sha256.New(), i.SHA256, false}
}

// wire returns what takes the bytes as they arrive.
func (s *sum) wire() io.Writer {
	if s.onWire {
		return s
	}
	return io.Discard
}

// raw returns what takes the bytes as they are written.
func (s *sum) raw() io.Writer {
	if s.onWire {
		return io.Discard
	}
	return s
}

func (s *sum) check() error {
	if got := hex.EncodeToString(s.Sum(nil)); got != s.want {
		return fmt.Errorf("has the hash %s, and %s in the plan", got, s.want)
	}
	return nil
}
