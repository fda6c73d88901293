package web

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// legible is every pair of text and ground that pages use.
func legible() (pairs [][2]string) {
	for _, ground := range []string{"page", "surface"} {
		for _, ink := range []string{"text", "soft", "accent", "agent"} {
			pairs = append(pairs, [2]string{ink, ground})
		}
	}
	for _, g := range []string{"rest", "work", "seen", "held", "broken", "absent"} {
		for _, ground := range []string{g + "-soft", "surface", "page"} {
			pairs = append(pairs, [2]string{g, ground})
		}
		pairs = append(pairs, [2]string{"text", g + "-soft"}, [2]string{"soft", g + "-soft"})
	}
	return append(pairs, [2]string{"accent", "accent-soft"}, [2]string{"on-accent", "accent"}, [2]string{"surface", "broken"})
}

// shapes must only be told from their ground (WCAG 2.2, 1.4.11).
var shapes = [][2]string{
	{"rest-fill", "surface"}, {"work-fill", "surface"}, {"seen-fill", "surface"}, {"broken-fill", "surface"}, {"agent-fill", "surface"},
}

func TestThePaletteIsLegible(t *testing.T) {
	light, dark := palettes(t)
	for name, palette := range map[string]map[string]string{"light": light, "dark": dark} {
		for _, p := range legible() {
			if got := contrast(t, palette[p[0]], palette[p[1]]); got < 4.5 {
				t.Errorf("%s: contrast of --%s on --%s = %.2f, want at least 4.5", name, p[0], p[1], got)
			}
		}
		for _, p := range shapes {
			if got := contrast(t, palette[p[0]], palette[p[1]]); got < 3 {
				t.Errorf("%s: contrast of the shape --%s on --%s = %.2f, want at least 3", name, p[0], p[1], got)
			}
		}
	}
}

// palettes reads the custom properties of both schemes.
func palettes(t *testing.T) (light, dark map[string]string) {
	t.Helper()
	b, err := assetFiles.ReadFile("assets/app.css")
	if err != nil {
		t.Fatal(err)
	}
	before, after, ok := strings.Cut(string(b), "@media (prefers-color-scheme: dark) {")
	if !ok {
		t.Fatal("app.css has no dark scheme")
	}
	after, _, _ = strings.Cut(after, "/* A group")
	read := func(css string) map[string]string {
		found := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6})`).FindAllStringSubmatch(css, -1) {
			found[m[1]] = m[2]
		}
		return found
	}
	light, dark = read(before), read(after)
	for name := range light {
		if dark[name] == "" {
			t.Errorf("--%s has no dark value", name)
		}
	}
	return light, dark
}

// contrast is WCAG's ratio of relative luminances.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	v, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil || len(colour) != 7 {
		t.Fatal(fmt.Errorf("colour %q: want #rrggbb", colour))
	}
	l := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64(v>>(16-8*i)&0xff) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		l += weight * c
	}
	return l
}
