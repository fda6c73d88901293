// Command testsum reads the output of go test -json and prints it as people
// want it: one line per package, the whole output of what failed, every skip,
// and a last line that counts. With -strict a skip is a failure, unless its
// message matches -allow: a test that did not run is not a test that passed.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
)

func main() {
	strict := flag.Bool("strict", false, "a skip whose message -allow does not match is a failure")
	allow := flag.String("allow", "^$", "`pattern` of the messages of skips that are a choice")
	flag.Parse()
	pattern, err := regexp.Compile(*allow)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum: -allow:", err)
		os.Exit(2)
	}
	signal.Ignore(os.Interrupt) // the tests end by it, and then our input does
	sum := newSummary(os.Stdout)
	if err := sum.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testsum: read go test -json:", err)
		os.Exit(2)
	}
	if !sum.close(pattern, *strict) {
		os.Exit(1)
	}
}
