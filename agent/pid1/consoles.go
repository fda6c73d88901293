package pid1

import (
	"os"
	"slices"
	"strings"

	"firstlight/agent/console"

	"golang.org/x/sys/unix"
)

// screen is the terminal behind the graphics card.
const screen = "tty0"

// consoles opens every console that the kernel writes to, and the screen even
// where a serial line is the only one: whoever stands before the machine shall
// see its name. The list is complete, /dev/console is only its last entry.
func consoles() []console.Output {
	b, _ := os.ReadFile("/sys/class/tty/console/active")
	names := strings.Fields(string(b))
	if !slices.Contains(names, screen) {
		names = append(names, screen)
	}
	var outputs []console.Output
	for _, name := range names {
		// O_NONBLOCK: opening a serial port without a modem's carrier waits for it.
		f, err := os.OpenFile("/dev/"+name, os.O_WRONLY|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
		if err != nil {
			continue
		}
		o := console.Output{Writer: f}
		if name == screen {
			o.Rows, o.Columns = extent(f)
		}
		outputs = append(outputs, o)
	}
	return outputs
}

// extent asks a terminal for its size. Not through f.Fd, which would make its
// writes block a thread each.
func extent(f *os.File) (rows, columns int) {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0, 0
	}
	_ = conn.Control(func(fd uintptr) {
		if size, err := unix.IoctlGetWinsize(int(fd), unix.TIOCGWINSZ); err == nil {
			rows, columns = int(size.Row), int(size.Col)
		}
	})
	return rows, columns
}
