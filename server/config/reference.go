package config

import _ "embed"

//go:embed reference.yaml
var reference string

// Reference is the commented file that firstlight init writes. It documents
// every key and can be read as it is.
func Reference() string { return reference }
