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
	t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	defer t.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://appliance/api/v1/imports?site=rack", list)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "text/csv")
	resp, err := t.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var verdict struct{ Written bool }
	text, err := io.ReadAll(resp.Body)
	if err == nil && (json.Unmarshal(text, &verdict) != nil || !verdict.Written) {
		err = fmt.Errorf("%s: %.300s", resp.Status, text)
	}
	return err
}
