package appliance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"firstlight/agent/report"
)

// Enrol makes the enrolment ahead of the first call. What comes of it that call
// finds, or finds out.
func (c *Client) Enrol(ctx context.Context) {
	_, _ = c.enrolled(ctx)
}

// enrolled gives the session of this boot, and enrols first where there is none:
// with the boot token of the script and the key that this boot made.
func (c *Client) enrolled(ctx context.Context) (report.Enrolled, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session.Session != "" {
		return c.session, nil
	}
	b, err := json.Marshal(c.key.Enrol(c.token))
	if err != nil {
		return c.session, fmt.Errorf("enrol: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/agent/v1/enrol", bytes.NewReader(b))
	if err != nil {
		return c.session, fmt.Errorf("enrol: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.calls.Do(req)
	if err != nil {
		return c.session, err
	}
	defer drop(resp)
	if resp.StatusCode/100 != 2 {
		return c.session, refusal(resp)
	}
	e, err := report.DecodeMessage[report.Enrolled](resp.Body)
	if err == nil && e.Session == "" {
		err = fmt.Errorf("the answer holds no session")
	}
	if err != nil {
		return c.session, fmt.Errorf("enrol: %w", err)
	}
	c.session = e
	return e, nil
}

// challenged takes the challenge of a refusal: the appliance was started anew
// since, and the same call is made once more. It tells whether there is one.
func (c *Client) challenged(resp *http.Response, used string) bool {
	next := resp.Header.Get(report.ChallengeHeader)
	if resp.StatusCode != http.StatusUnauthorized || next == "" || next == used {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session.Challenge = next
	return true
}
