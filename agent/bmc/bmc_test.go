package bmc

import (
	"errors"
	"path/filepath"
	"testing"
	"unsafe"

	"firstlight/agent/report"

	"github.com/google/go-cmp/cmp"
)

var errRefused = errors.New("the BMC refuses with code 0xc1")

// fake answers commands from a table, by command and first data byte.
func fake(answers map[[2]byte][]byte) sender {
	return func(_, command byte, data ...byte) ([]byte, error) {
		key := [2]byte{command}
		if len(data) > 0 {
			key[1] = data[0]
		}
		if command == getLANConfig {
			key[1] = data[0]<<4 | data[1]
		}
		if b, ok := answers[key]; ok {
			return b, nil
		}
		return nil, errRefused
	}
}

func TestRead(t *testing.T) {
	id := []byte{0x20, 0x01, 0x82, 0x45, 0x02}
	for _, test := range []struct {
		name    string
		answers map[[2]byte][]byte
		want    *report.BMC
	}{
		{"a BMC on channel 1", map[[2]byte][]byte{
			{getDeviceID}: id, {getChannelInfo, 1}: {1, mediumLAN}, {getLANConfig, 0x13}: {0x11, 10, 1, 0, 7},
			{getLANConfig, 0x15}: {0x11, 0x52, 0x54, 0, 0, 1, 1},
		}, &report.BMC{Source: "ipmi", Firmware: "2.45", Address: "10.1.0.7", MAC: "52:54:00:00:01:01"}},
		{"a BMC whose network is channel 8", map[[2]byte][]byte{
			{getDeviceID}: id, {getChannelInfo, 1}: {1, 5}, {getChannelInfo, 8}: {8, mediumLAN},
			{getLANConfig, 0x83}: {0x11, 10, 1, 0, 8},
		}, &report.BMC{Source: "ipmi", Firmware: "2.45", Address: "10.1.0.8"}},
		{"a BMC that does not tell its channels", map[[2]byte][]byte{
			{getDeviceID}: id, {getLANConfig, 0x13}: {0x11, 10, 1, 0, 9},
		}, &report.BMC{Source: "ipmi", Firmware: "2.45", Address: "10.1.0.9"}},
		{"a BMC without a network", map[[2]byte][]byte{
			{getDeviceID}: id, {getChannelInfo, 1}: {1, 5},
		}, &report.BMC{Source: "ipmi", Firmware: "2.45"}},
		{"a BMC without an address yet", map[[2]byte][]byte{
			{getDeviceID}: id, {getChannelInfo, 1}: {1, mediumLAN}, {getLANConfig, 0x13}: {0x11, 0, 0, 0, 0},
		}, &report.BMC{Source: "ipmi", Firmware: "2.45"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := read(fake(test.answers))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("read differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestABMCThatDoesNotAnswerIsAnError(t *testing.T) {
	if b, err := read(fake(nil)); err == nil || !errors.Is(err, errRefused) {
		t.Errorf("read = %+v, %v; want the refusal", b, err)
	}
}

func TestNoDeviceIsNoBMC(t *testing.T) {
	b, err := Read(filepath.Join(t.TempDir(), "ipmi0"))
	if b != nil || err != nil {
		t.Errorf("Read = %+v, %v; want nothing", b, err)
	}
}

// The sizes are part of the driver's command numbers.
func TestStructuresAreTheKernels(t *testing.T) {
	if got := unsafe.Sizeof(request{}); got != sendCommand>>16&0x3FFF {
		t.Errorf("a request has %d bytes, want %d", got, sendCommand>>16&0x3FFF)
	}
	if got := unsafe.Sizeof(response{}); got != receiveMessage>>16&0x3FFF {
		t.Errorf("a response has %d bytes, want %d", got, receiveMessage>>16&0x3FFF)
	}
}
