package report

import (
	"encoding/json"
	"strings"
	"testing"
)

func aCrash() Crash {
	const why = "panic: runtime error: index out of range [3] with length 3"
	return Crash{
		Boot: "0b9d7e0e-8a53-4b59-9a5f-6d0c1f6c1f60", Life: 2, Agent: "v0.1.0", End: "exit code 2", Cause: why,
		Uptime: 64.5, Lived: 41.25, Ago: 3.5, Output: why + "\n\ngoroutine 1 [running]:\n", Lost: 12,
	}
}

func TestCrashIsFrozenInV1(t *testing.T) {
	frozen(t, "crash", aCrash())
	frozen(t, "crash-silent", Crash{
		Boot: "0b9d7e0e-8a53-4b59-9a5f-6d0c1f6c1f60", Life: 1, Agent: "v0.1.0", End: "killed by SIGKILL", Uptime: 9.75, Lived: 4, Ago: 1,
	})
}

func TestDecodeCrashRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(c *Crash)
		want   string
	}{
		{"no boot", func(c *Crash) { c.Boot = "" }, "boot has 0 bytes, want 1 to 200"},
		{"no life", func(c *Crash) { c.Life = 0 }, "life is 0, want 1 or more"},
		{"no end", func(c *Crash) { c.End = "" }, "end has 0 bytes"},
		{"a version without end", func(c *Crash) { c.Agent = strings.Repeat("v", 201) }, "agent has 201 bytes"},
		{"a long cause", func(c *Crash) { c.Cause = strings.Repeat("x", MaxCause+1) }, "cause has 301 bytes, want 0 to 300"},
		{"a cause of two lines", func(c *Crash) { c.Cause = "a\nb" }, "one line each"},
		{"too much output", func(c *Crash) { c.Output = strings.Repeat("x", MaxOutput+1) }, "output has 16385 bytes, want 0 to 16384"},
		{"a time before it began", func(c *Crash) { c.Lived = -1 }, "lived -1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := aCrash()
			tt.change(&c)
			b, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := DecodeCrash(strings.NewReader(string(b))); err == nil || !strings.Contains(err.Error(), "decode crash: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("DecodeCrash = %v, want an error with %q", err, tt.want)
			}
		})
	}
	if _, err := DecodeCrash(strings.NewReader(`{`)); err == nil {
		t.Error("half a message is read")
	}
}
