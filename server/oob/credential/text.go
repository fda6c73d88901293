package credential

import (
	"encoding/base64"
	"fmt"
	"strings"

	"firstlight/server/oob"
)

// ApplianceOwner begins the owners of sealed secrets that belong to no machine.
const ApplianceOwner = "appliance:"

// At is the place of the secret that ServerDb keeps for an owner: a machine's id,
// "serial:NUMBER" of one that has not shown itself, or "appliance:NAME".
func At(owner string) Place {
	if name, own := strings.CutPrefix(owner, ApplianceOwner); own {
		return Place{Host: ApplianceOwner, Field: name, Version: 1}
	}
	return Place{Host: owner, Field: "bmc", Version: 1}
}

// SealText seals a secret as ServerDb keeps it: an envelope in base64.
func SealText(k *Key, owner string, s oob.Secret) (string, error) {
	sealed, err := Seal(k, At(owner), s)
	return base64.StdEncoding.EncodeToString(sealed), err
}

// OpenText opens what SealText made.
func OpenText(k *Key, owner, text string) (oob.Secret, error) {
	sealed, err := decoded(owner, text)
	if err != nil {
		return "", err
	}
	return Open(k, At(owner), sealed)
}

// RewrapText moves what SealText made to a new key, without decrypting it.
func RewrapText(from, to *Key, owner, text string) (string, error) {
	sealed, err := decoded(owner, text)
	if err != nil {
		return "", err
	}
	anew, err := Rewrap(from, to, At(owner), sealed)
	return base64.StdEncoding.EncodeToString(anew), err
}

func decoded(owner, text string) ([]byte, error) {
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("open the secret of %s: %w: %w", owner, ErrSealed, err)
	}
	return sealed, nil
}
