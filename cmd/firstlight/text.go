package main

import "strconv"

func yes(b bool, word string) string {
	if b {
		return word
	}
	return ""
}

// plural counts things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
