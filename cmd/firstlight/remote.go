package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"

	"firstlight/cmd/firstlight/client"
)

// remote are the flags of every command that asks a running appliance.
type remote struct {
	URL       string `name:"url" group:"appliance" placeholder:"URL" help:"The appliance, such as https://10.80.12.1:8443."`
	CAFile    string `name:"ca-file" group:"appliance" placeholder:"FILE" help:"Certificate of its CA; ca.crt of its state folder."`
	TokenFile string `name:"token-file" group:"appliance" placeholder:"FILE" help:"File with an API token."`
	Socket    string `name:"socket" group:"appliance" placeholder:"FILE" help:"Socket of an appliance on this host, instead of --url."`
}

const applianceGroup = "Which appliance: these flags, else FIRSTLIGHT_URL, _CA_FILE, _TOKEN_FILE, _SOCKET, else .run/client.json here or above, " +
	"else client.json of firstlight login, else the socket of this host"

// open finds the appliance.
func (r *remote) open(h *host) (*client.Client, error) {
	p, err := r.place(h)
	if err != nil {
		return nil, err
	}
	return client.Open(p)
}

func (r *remote) place(h *host) (client.Place, error) {
	dir, err := os.Getwd()
	if err != nil {
		dir = "" // it was removed: then no rack runs in it
	}
	s := client.System{Getenv: h.getenv, WorkDir: dir, Config: h.configDir(), Socket: client.LocalSocket}
	return s.Find(client.Place{URL: r.URL, CAFile: r.CAFile, TokenFile: r.TokenFile, Socket: r.Socket})
}

// configDir is the user's own folder.
func (h *host) configDir() string {
	base := h.getenv("XDG_CONFIG_HOME")
	if base == "" {
		base = filepath.Join(h.getenv("HOME"), ".config")
	}
	return filepath.Join(base, "firstlight")
}

// exitCode tells what kind of failure an error is.
func exitCode(err error) int {
	var f failure
	var refused *client.Error
	switch {
	case errors.As(err, &f):
		return f.code
	case errors.Is(err, client.ErrNowhere), errors.Is(err, client.ErrUnreachable):
		return exitUnreachable
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &refused):
		return refusalCode(refused.Status)
	}
	return exitFailed
}

func refusalCode(status int) int {
	switch status {
	case http.StatusNotFound:
		return exitNotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		return exitNotAllowed
	}
	if status >= 400 && status < 500 {
		return exitRefused
	}
	return exitFailed
}
