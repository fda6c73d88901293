package storm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"

	"firstlight/server/virtualrack"
)

// introduce tells the appliance of the first machines, as a delivery's list does.
func introduce(ctx context.Context, rack *virtualrack.Rack, known int) error {
	if known == 0 {
		return nil
	}
	var list bytes.Buffer
	list.WriteString("serial,nic1_mac\n")
	for i := range known {
		fmt.Fprintf(&list, "%s,%s\n", serialOf(i), macOf(i))
	}
	if err := bring(ctx, rack.Socket(), &list); err != nil {
		return fmt.Errorf("tell the appliance of %d machines: %w", known, err)
	}
	return nil
}

// bring sends a list to an appliance through its socket, where its own host is
// an admin.
func bring(ctx context.Context, socket string, list io.Reader) error {
	text, err := ask(ctx, socket, http.MethodPost, "/api/v1/imports?site=rack", list)
	var verdict struct{ Written bool }
	if err == nil && (json.Unmarshal(text, &verdict) != nil || !verdict.Written) {
		err = fmt.Errorf("the list was not written: %.300s", text)
	}
	return err
}

// ask asks an appliance through its socket.
func ask(ctx context.Context, socket, method, path string, body io.Reader) ([]byte, error) {
	t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	defer t.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, method, "http://appliance"+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "text/csv")
	resp, err := t.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s: %.300s", method, path, resp.Status, text)
	}
	return text, err
}
