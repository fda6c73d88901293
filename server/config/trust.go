package config

import (
	"strings"

	"firstlight/server/trust"
)

// readTrust reads the rung that each kind of secret needs; what is not said is
// as trust.Default has it.
func (c *Config) readTrust(s *section) {
	t := s.sub("trust")
	c.Trust = trust.Policy{}
	for _, kind := range trust.Secrets() {
		key := strings.ReplaceAll(string(kind), "-", "_")
		c.Trust[kind] = one(t, key, trust.Default().Needs(kind), trust.ParseRung)
	}
	t.done()
}
