package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"firstlight/cmd/firstlight/client"
	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type loginCmd struct {
	URL         string        `name:"url" env:"FIRSTLIGHT_URL" placeholder:"URL" default:"https://127.0.0.1:8443" help:"The appliance; ${default} unless told otherwise."`
	CAFile      string        `name:"ca-file" env:"FIRSTLIGHT_CA_FILE" placeholder:"FILE" help:"Certificate of its CA. Without it, you are shown the fingerprint to compare."`
	Fingerprint string        `placeholder:"HEX" help:"SHA-256 of its CA as its console shows it, instead of comparing."`
	Code        bool          `help:"Log in with a one-time code: it makes the account's password, or the first admin."`
	Life        time.Duration `default:"720h" help:"How long the stored token is good, at most 2160h (90 days)."`
	Name        string        `arg:"" optional:"" help:"Your account; asked for when left out."`
}

// Run logs in and keeps a token for the commands that come.
func (c *loginCmd) Run(ctx context.Context, h *host) error {
	p := client.Place{URL: strings.TrimSuffix(c.URL, "/")}
	var err error
	if p.CAFile, err = c.trust(ctx, h); err != nil {
		return err
	}
	a, err := client.Open(p)
	if err != nil {
		return err
	}
	who, err := c.ask(ctx, h)
	if err != nil {
		return err
	}
	s, err := a.Login(ctx, who)
	if err != nil {
		return err
	}
	made, err := s.NewToken(ctx, api.TokenOrder{Label: c.label(), LifetimeSeconds: int64(c.Life / time.Second)})
	if err != nil {
		return err
	}
	if p.TokenFile, err = client.SaveToken(h.configDir(), made.Secret); err != nil {
		return err
	}
	path, err := client.SavePlace(h.configDir(), p)
	if err != nil {
		return err
	}
	return h.say("logged in at %s as %s (%s) until %s; stored in %s", p.URL, made.Account, made.Role, output.Clock(made.Expires), path)
}

func (c *loginCmd) label() string {
	name, err := os.Hostname()
	if err != nil {
		name = "unknown host"
	}
	return "command line on " + name[:min(40, len(name))]
}

// ask asks for the name and, as the page does, for the code before the password.
func (c *loginCmd) ask(ctx context.Context, h *host) (who client.Who, err error) {
	name := c.Name
	if name == "" {
		if name, err = h.ask(ctx, "Account: "); err != nil {
			return who, err
		}
	}
	code := ""
	if c.Code {
		if code, err = h.ask(ctx, "One-time code: "); err != nil {
			return who, err
		}
	}
	who, err = askLogin(ctx, h, name)
	who.Code = strings.TrimSpace(code)
	return who, err
}

// trust gives the file of the CA to trust.
func (c *loginCmd) trust(ctx context.Context, h *host) (string, error) {
	if c.CAFile != "" {
		return filepath.Abs(c.CAFile)
	}
	ca, err := client.Authority(ctx, c.URL)
	if err != nil {
		return "", err
	}
	seen := client.Fingerprint(ca)
	if c.Fingerprint == "" {
		h.note("the CA of %s has the SHA-256 fingerprint\n  %s", c.URL, seen)
		answer, err := h.ask(ctx, "Does the appliance's console show the same? [yes/no] ")
		if err != nil {
			return "", err
		}
		if strings.ToLower(strings.TrimSpace(answer)) != "yes" {
			return "", usage("not logged in: nothing was sent to %s", c.URL)
		}
	} else if want := strings.ToLower(strings.ReplaceAll(c.Fingerprint, ":", "")); want != seen {
		return "", usage("--fingerprint: the CA of %s has another one, %s: something else answers there; nothing was sent", c.URL, seen)
	}
	return client.SaveCA(h.configDir(), ca)
}
