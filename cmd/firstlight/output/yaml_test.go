package output

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os/exec"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// tempting are strings that some reader of YAML takes for something else.
var tempting = []string{
	"", " ", "a ", " a", "yes", "No", "on", "OFF", "y", "N", "null", "~", "true", "Nan", ".inf", "-", "- a", "? a", "a: b", "a #b", "#",
	"52:54:00:12:34:56", "10:20:30", "2026-11-24", "2026-11-24T11:20:00Z", "0x1f", "017", "0o17", "1e3", "1_000", "1.5", "+1", "-0", "=",
	"<<", "&a", "*a", "!a", "%a", "@a", "`a", "|", ">", "'", `"`, `\`, "[", "{", "a, b", "a\nb", "\n", "a\tb", "a\u2028b", "\u0085",
	"\x1b[2J", "\u009b2J", "a\u202eb", "🙂", "ünïcode", "---", "...", "C0MPUT3", "Offered 10.80.12.100", "in_use", "Dell Inc.",
}

// anyValue draws what an API may say.
func anyValue(depth int) *rapid.Generator[any] {
	text := rapid.OneOf(rapid.SampledFrom(tempting), rapid.StringN(0, 12, -1))
	scalar := rapid.OneOf(
		text.AsAny(), rapid.Bool().AsAny(), rapid.Just[any](nil), rapid.IntRange(-1<<53, 1<<53).AsAny(),
		rapid.Float64Range(-1e30, 1e30).AsAny(), rapid.SampledFrom([]float64{1e-7, 1e21, 2.5e-300, math.MaxFloat32, 0, 1 << 63, 1 << 64, -1 << 63, -1 << 64}).AsAny(),
	)
	if depth == 0 {
		return scalar
	}
	below := anyValue(depth - 1)
	return rapid.OneOf(scalar, rapid.SliceOfN(below, 0, 3).AsAny(), rapid.MapOfN(text, below, 0, 3).AsAny())
}

// bothWays writes a value in both forms.
func bothWays(t interface{ Fatal(...any) }, v any) (asJSON, asYAML []byte) {
	text, err := encode(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := yamlText(text)
	if err != nil {
		t.Fatal(err)
	}
	return text, out
}

// plainly reads JSON with its numbers as floats, as a reader of YAML may have
// read them.
func plainly(t interface{ Fatal(...any) }, text []byte) (v any) {
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestYAMLIsTheSameData(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asJSON, asYAML := bothWays(t, anyValue(3).Draw(t, "value"))
		var read any
		if err := yaml.Unmarshal(asYAML, &read); err != nil {
			t.Fatalf("%s\n%v", asYAML, err)
		}
		again, err := json.Marshal(read)
		if err != nil {
			t.Fatalf("%s\n%v", asYAML, err)
		}
		if diff := cmp.Diff(plainly(t, asJSON), plainly(t, again)); diff != "" {
			t.Fatalf("%s\nreads otherwise (-want +got):\n%s", asYAML, diff)
		}
	})
}

func TestYAML11IsTheSameDataToo(t *testing.T) {
	values := []any{tempting}
	value := anyValue(2)
	for seed := range 100 {
		values = append(values, value.Example(seed))
	}
	asJSON, asYAML := bothWays(t, values)
	read := exec.Command("python3", "-c", "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin.buffer), sys.stdout)")
	read.Stdin = bytes.NewReader(asYAML)
	var failed strings.Builder
	read.Stderr = &failed
	again, err := read.Output()
	if errors.Is(err, exec.ErrNotFound) || strings.Contains(failed.String(), "No module named 'yaml'") {
		t.Skip("SKIPPED: python3-yaml is not installed; nothing was tested")
	}
	if err != nil {
		t.Fatalf("%v: %s", err, failed.String())
	}
	if diff := cmp.Diff(plainly(t, asJSON), plainly(t, again)); diff != "" {
		t.Errorf("PyYAML reads otherwise (-want +got):\n%s", diff)
	}
}

func TestYAMLKeepsOrderAndNumbers(t *testing.T) {
	got, err := yamlText([]byte(`{"z":18446744073709551615,"a":[{"k":1.50,"l":[]},[1,[2]],{}],"e":1e-7,"f":18446744073709551616}`))
	want := "z: 18446744073709551615\na:\n  - k: 1.50\n    l: []\n  - - 1\n    - - 2\n  - {}\ne: 1.0e-7\nf: 18446744073709551616.0\n"
	if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
		t.Errorf("yamlText() = %v (-want +got):\n%s", err, diff)
	}
}
