package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"firstlight/server/frame"
)

// File is a line of the manifest.
type File struct {
	Name   string `json:"name"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// names of files.
const (
	headFile      = "bundle.json"
	machineFile   = "machine.json"
	historyFile   = "history.json"
	timelineFile  = "timeline.json"
	bootFile      = "boot.json"
	decisionsFile = "decisions.json"
	packetsFile   = "packets.pcap"
	subnetsFile   = "subnets.json"
	optionsFile   = "options.json"
	rulesFile     = "rules.json"
	manifestFile  = "manifest.json"
)

// Write writes b. The same bundle gives the same bytes.
func Write(w io.Writer, b *Bundle) error {
	b.Format = Format
	var pcap bytes.Buffer
	if err := frame.WritePCAP(&pcap, b.Packets); err != nil {
		return err
	}
	readme, err := b.readme()
	if err != nil {
		return err
	}
	z := &writer{zip: zip.NewWriter(w), at: b}
	z.text("README.txt", readme)
	z.json(headFile, b.Head)
	if b.Machine != nil {
		z.json(machineFile, b.Machine)
	}
	z.json(historyFile, all(b.History))
	z.json(timelineFile, all(b.Events))
	z.text("timeline.txt", b.timeline())
	if len(b.Boot) > 0 {
		z.json(bootFile, b.Boot)
	}
	z.json(decisionsFile, all(b.Decisions))
	z.text(packetsFile, pcap.Bytes())
	z.text("packets.txt", b.packets())
	z.json(subnetsFile, all(b.Subnets))
	z.json(optionsFile, all(b.Options))
	z.json(rulesFile, all(b.Rules))
	z.json(manifestFile, z.manifest)
	if z.err != nil {
		return fmt.Errorf("write the bundle: %w", z.err)
	}
	return z.zip.Close()
}

// all is a list that says [] where there is nothing, not null.
func all[T any](list []T) []T { return append([]T{}, list...) }

// writer adds files until one fails.
type writer struct {
	zip      *zip.Writer
	at       *Bundle
	manifest []File
	err      error
}

func (z *writer) json(name string, v any) {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil && z.err == nil {
		z.err = err
	}
	z.text(name, append(text, '\n'))
}

func (z *writer) text(name string, text []byte) {
	if z.err != nil {
		return
	}
	sum := sha256.Sum256(text)
	z.manifest = append(z.manifest, File{name, len(text), hex.EncodeToString(sum[:])})
	f, err := z.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: z.at.At.UTC()})
	if err == nil {
		_, err = f.Write(text)
	}
	z.err = err
}
