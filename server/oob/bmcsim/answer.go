package bmcsim

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
)

// object is one JSON object on the wire.
type object = map[string]any

// answer is what a request gets; handlers return it, one place writes it.
type answer struct {
	status int
	header http.Header
	body   object
}

func ok(body object) answer { return answer{status: http.StatusOK, body: body} }

func (a answer) with(key, value string) answer {
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Set(key, value)
	return a
}

// refuse is Redfish's error answer (DSP0266 section 8.6). id is of the Base
// registry unless it names another ("Ami.1.0.…").
func refuse(status int, id, text string, args ...any) answer {
	if !bytes.ContainsRune([]byte(id), '.') {
		id = "Base.1.18." + id
	}
	message := fmt.Sprintf(text, args...)
	return answer{status: status, body: object{"error": object{
		"code": id, "message": message,
		"@Message.ExtendedInfo": []object{{
			"@odata.type": "#Message.v1_1_2.Message", "MessageId": id, "Message": message, "Severity": "Critical",
		}},
	}}}
}

// etag is the tag of a resource as it is now.
func etag(body object) string {
	text, err := json.Marshal(body)
	if err != nil {
		return `"unreadable"`
	}
	sum := sha256.Sum256(text)
	return fmt.Sprintf(`"%x"`, sum[:6])
}

// write sends the answer; drop breaks the connection half-way.
func (a answer) write(w http.ResponseWriter, drop bool) {
	var text []byte
	if a.body != nil {
		var err error
		if text, err = json.Marshal(a.body); err != nil {
			a.status, text = http.StatusInternalServerError, nil
		}
	}
	h := w.Header()
	maps.Copy(h, a.header)
	h.Set("OData-Version", "4.0")
	h.Set("Cache-Control", "no-cache")
	if text != nil {
		h.Set("Content-Type", "application/json; charset=utf-8")
	}
	if drop && len(text) == 0 {
		text = []byte("{}")
		a.status = http.StatusOK
	}
	if a.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(text)))
	}
	w.WriteHeader(a.status)
	if drop {
		_, _ = w.Write(text[:len(text)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(text)
}
