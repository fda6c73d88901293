package crash

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"firstlight/agent/report"
)

// maxKept is how many crashes wait to be told: the newest.
const maxKept = 8

// Dir is a folder with crashes that nobody was told of yet, a file for each.
type Dir string

// Keep adds a crash, and forgets the oldest where there are too many.
func (d Dir) Keep(c report.Crash) error {
	b, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("keep crash: %w", err)
	}
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return fmt.Errorf("keep crash: %w", err)
	}
	path := filepath.Join(string(d), fmt.Sprintf("%09d.json", c.Life))
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return fmt.Errorf("keep crash: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("keep crash: %w", err)
	}
	all, err := d.waiting()
	for len(all) > maxKept && err == nil {
		err, all = os.Remove(all[0]), all[1:]
	}
	return err
}

// waiting lists the files, the oldest first.
func (d Dir) waiting() ([]string, error) {
	all, err := filepath.Glob(filepath.Join(string(d), "*.json")) // sorted
	if err != nil {
		return nil, fmt.Errorf("list crashes: %w", err)
	}
	return all, nil
}

func read(path string) (report.Crash, error) {
	f, err := os.Open(path)
	if err != nil {
		return report.Crash{}, err
	}
	defer f.Close()
	return report.DecodeCrash(f)
}
