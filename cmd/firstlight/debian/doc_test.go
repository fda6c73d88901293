// Package debian_test holds the test of the Debian package: it builds it,
// installs it in a bare system, runs its service as its unit says, and lets a
// machine boot from it.
package debian_test
