package httpboot

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestASessionIsOneMACsAndCannotBeMade(t *testing.T) {
	s, _ := door(t)
	other, _ := door(t, func(c *Config, _ *site) { c.Key = []byte("another key of another appliance") })
	good := s.sign(ours, s.Now())
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	flipped := func(i int) string {
		b := append([]byte(nil), raw...)
		b[i] ^= 1
		return "Bearer " + base64.RawURLEncoding.EncodeToString(b)
	}
	for _, tt := range []struct {
		name, header string
		want         int
	}{
		{"its own", "Bearer " + good, http.StatusNoContent},
		{"of a MAC that no machine has", "Bearer " + s.sign(alien, s.Now()), http.StatusConflict},
		{"none", "", http.StatusUnauthorized},
		{"empty", "Bearer ", http.StatusUnauthorized},
		{"another scheme", "Basic " + good, http.StatusUnauthorized},
		{"not base64", "Bearer !!!", http.StatusUnauthorized},
		{"cut short", "Bearer " + good[:len(good)-4], http.StatusUnauthorized},
		{"with more behind it", "Bearer " + good + "AAAA", http.StatusUnauthorized},
		{"for another MAC", flipped(5), http.StatusUnauthorized},
		{"for a longer time", flipped(13), http.StatusUnauthorized},
		{"with another signature", flipped(29), http.StatusUnauthorized},
		{"of another appliance", "Bearer " + other.sign(ours, s.Now()), http.StatusUnauthorized},
		{"expired", "Bearer " + s.sign(ours, s.Now().Add(-sessionLife-time.Minute)), http.StatusUnauthorized},
		{"about to expire", "Bearer " + s.sign(ours, s.Now().Add(time.Minute-sessionLife)), http.StatusNoContent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := call{method: "GET", target: "/agent/v1/order", header: map[string]string{"Authorization": tt.header}}.do(s)
			body := bodyOf(t, got)
			if got.StatusCode != tt.want || got.StatusCode == 401 && !strings.Contains(body, "boot again") {
				t.Errorf("GET order = %d %s, want %d", got.StatusCode, body, tt.want)
			}
		})
	}
}

func TestASessionWorksAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, _ := door(t)
		session := before.sign(ours, before.Now())
		time.Sleep(29 * 24 * time.Hour)
		after, _ := door(t)
		c := call{method: "GET", target: "/agent/v1/order", header: map[string]string{"Authorization": "Bearer " + session}}
		if got := c.do(after); got.StatusCode != http.StatusNoContent {
			t.Errorf("GET order after 29 days and a restart = %d, want 204", got.StatusCode)
		}
		time.Sleep(2 * 24 * time.Hour)
		if got := c.do(after); got.StatusCode != http.StatusUnauthorized {
			t.Errorf("GET order after 31 days = %d, want 401", got.StatusCode)
		}
	})
}
