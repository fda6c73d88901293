package initramfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
)

// packing are the options of Debian's zstd. What Go has packs the modules to
// 13.7 MB where this makes 11.6 MB of them, in 40 s, which the cache saves all
// builds but the first; level 18 takes 27 s and 0.1 MB more, a longer window
// saves 0.2 MB for 64 MB of the machine's memory. With workers zstd cuts its
// input into jobs of a size of its own, whichever core does them: to say both,
// workers and size, gives equal bytes on machines of any number of cores.
var packing = []string{"--quiet", "--stdout", "-19", "--threads=2", "-B32MiB"}

// compress writes content to w as zstd packs it.
func compress(ctx context.Context, w io.Writer, content []byte) error {
	// A window larger than the content would cost machines memory for nothing.
	size := "--stream-size=" + strconv.Itoa(len(content))
	zstd := exec.CommandContext(ctx, "zstd", append([]string{size}, packing...)...)
	var complaint bytes.Buffer
	zstd.Stdin, zstd.Stdout, zstd.Stderr = bytes.NewReader(content), w, &complaint
	err := zstd.Run()
	switch text := strings.TrimSpace(complaint.String()); {
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("compress: %w: run make deps", err)
	case err != nil && text != "":
		return fmt.Errorf("compress: %w: %s", err, text)
	case err != nil:
		return fmt.Errorf("compress: %w", err)
	}
	return nil
}
