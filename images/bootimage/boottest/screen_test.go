package boottest

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/ipxe"
)

// What a phone sees of a screen a metre away. Its main camera sees 67 degrees
// across, which is 1,330 mm at that distance, and readers of codes look at its
// preview, which is 1,920 points wide: 1.44 points for each millimetre. The screens
// of consoles in racks begin at 15 inches, 305 mm wide at 4:3.
const (
	pointsPerMM = 1920.0 / 1330
	screenMM    = 305
)

// readersPage is longer than most: a name of the appliance, and one of a machine.
const readersPage = "https://boot.ams1.example.net/machines/ams1-web-7"

func TestAPhoneReadsThePageFromAMetre(t *testing.T) {
	needs(t)
	if _, err := exec.LookPath("zbarimg"); err != nil {
		t.Skipf("SKIPPED, %v: run make deps", err)
	}
	built := buildImage(t, "firstlight/cmd/firstlight-agent")
	for _, test := range []struct {
		name string
		uefi bool
	}{{"on VGA's text", false}, {"on the picture of UEFI", true}} {
		t.Run(test.name, func(t *testing.T) {
			a := serve(t, built, watchdogScript)
			answersWithoutOrder(a.mux)
			m := machine{uefi: test.uefi, bootfile: a.base + "/first", disk: blankDisk(t), more: []string{"-vga", "std"}}
			if test.uefi {
				m.bootfile, m.tftp = ipxe.SNPOnlyEFI, tftpFolder(t, a)
			}
			w := m.watch(t)
			w.until("Waits for people.")
			w.read(readersPage)
		})
	}
}

// answersWithoutOrder makes it an appliance that has no order.
func answersWithoutOrder(mux *http.ServeMux) {
	var mu sync.Mutex
	enrols(mux, &mu)
	handle(mux, "report", func(report.Report) any {
		return report.Welcome{Name: "ams1-web-7", Status: "registered", Sentence: "Waits for people.", Page: readersPage}
	}, &mu)
	mux.HandleFunc("GET /agent/v1/order", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
}

// read looks at the screen until the code on it is read: the serial line may have
// been faster than the screen.
func (w *watched) read(want string) {
	w.Helper()
	shot, seen := filepath.Join(w.TempDir(), "shot.ppm"), filepath.Join(w.TempDir(), "seen.png")
	look := time.NewTicker(time.Second)
	defer look.Stop()
	var got string
	for range 30 {
		w.tell("screendump", map[string]any{"filename": shot})
		size := photograph(w.T, shot, seen)
		text, err := exec.CommandContext(w.Context(), "zbarimg", "--quiet", "--raw", seen).Output()
		if got = string(text); err == nil && got == want+"\n" {
			w.Logf("read from a picture of %v points", size)
			return
		}
		<-look.C
	}
	w.Fatalf("a phone reads %q off the screen, want %s", got, want)
}

// photograph makes of a screen's picture the one that the phone has.
func photograph(t *testing.T, from, to string) image.Point {
	t.Helper()
	screen := readPPM(t, from)
	at := screen.Bounds().Size()
	// VGA's text has 720x400 points on a screen of 4:3; others have square points.
	high := screenMM * at.Y / at.X
	if at == image.Pt(720, 400) {
		high = screenMM * 3 / 4
	}
	size := image.Pt(int(math.Round(screenMM*pointsPerMM)), int(float64(high)*pointsPerMM))
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := png.Encode(out, shrink(screen, size)); err != nil {
		t.Fatal(err)
	}
	return size
}

// shrink gives each point of the smaller picture the mean of what it covers.
func shrink(from *image.Gray, size image.Point) *image.Gray {
	to := image.NewGray(image.Rectangle{Max: size})
	at := from.Bounds().Size()
	for y := range size.Y {
		for x := range size.X {
			sum, n := 0, 0
			for v := y * at.Y / size.Y; v < max((y+1)*at.Y/size.Y, y*at.Y/size.Y+1); v++ {
				for u := x * at.X / size.X; u < max((x+1)*at.X/size.X, x*at.X/size.X+1); u++ {
					sum, n = sum+int(from.GrayAt(u, v).Y), n+1
				}
			}
			to.SetGray(x, y, color.Gray{Y: uint8(sum / n)})
		}
	}
	return to
}

// readPPM reads what QEMU's screendump writes.
func readPPM(t *testing.T, path string) *image.Gray {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	in := bufio.NewReader(file)
	var wide, high, most int
	if _, err := fmt.Fscanf(in, "P6\n%d %d\n%d\n", &wide, &high, &most); err != nil || most != 255 {
		t.Fatalf("read %s: %v, largest value %d", path, err, most)
	}
	points := make([]byte, 3*wide*high)
	if _, err := io.ReadFull(in, points); err != nil {
		t.Fatal(err)
	}
	picture := image.NewGray(image.Rect(0, 0, wide, high))
	for i := range wide * high {
		r, g, b := int(points[3*i]), int(points[3*i+1]), int(points[3*i+2])
		picture.Pix[i] = uint8((r + g + b) / 3)
	}
	return picture
}
