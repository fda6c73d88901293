package main

import (
	"testing"

	"firstlight/server/machine"
)

func TestEveryStatusHasAColour(t *testing.T) {
	for _, s := range machine.Statuses() {
		if _, ok := tones[string(s)]; !ok {
			t.Errorf("tones has no %s", s)
		}
	}
}
