package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// act carries out what a form asks for and leads back to the machine. What was
// refused shows the form again with the reason.
func (s *Site) act(again func(*http.Request) (view, error), do func(context.Context, auth.User, *machine.Machine, *http.Request) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		m, err := s.named(r)
		if err != nil {
			return err
		}
		ctx, err := s.resting(r, m)
		if err == nil {
			err = do(ctx, userOf(r), m, r)
		}
		if err != nil {
			return s.again(w, r, m, again, err)
		}
		http.Redirect(w, r, machineURL(m), http.StatusSeeOther)
		return nil
	}
}

// again shows a form with the reason why it was refused, and with what was typed.
func (s *Site) again(w http.ResponseWriter, r *http.Request, thing any, form func(*http.Request) (view, error), cause error) error {
	if s.States.Overtaken(cause) {
		return s.overtaken(w, r, thing, form)
	}
	if errors.Is(cause, machine.ErrAway) || errors.Is(cause, machine.ErrInDoubt) {
		return cause
	}
	if errors.Is(cause, machine.ErrNotFound) || form == nil {
		return &refused{cause}
	}
	v, err := form(r)
	if err != nil {
		return err
	}
	c, ok := v.data.(confirm)
	if !ok {
		return &refused{cause}
	}
	c.Error = sentence(cause.Error())
	c.keep(r.PostForm)
	v.data = c
	return s.render(w, r, http.StatusConflict, v)
}

// typed checks the name that a person typed to confirm.
func typed(r *http.Request, want string) error {
	if got := strings.TrimSpace(r.PostFormValue("typed")); got != want {
		return fmt.Errorf("the name typed is %q: want %q", clip(got, 64), want)
	}
	return nil
}

func (s *Site) install(w http.ResponseWriter, r *http.Request) error {
	return s.act(s.askInstall, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		if err := typed(r, m.Name); err != nil {
			return err
		}
		_, err := s.Actions.Install(ctx, u, m.Name, r.PostFormValue("image"))
		return err
	})(w, r)
}

func (s *Site) release(w http.ResponseWriter, r *http.Request) error {
	return s.act(s.askRelease, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		if err := typed(r, m.Name); err != nil {
			return err
		}
		return s.Actions.Release(ctx, u, m.Name, strings.TrimSpace(r.PostFormValue("typed")))
	})(w, r)
}

func (s *Site) waive(w http.ResponseWriter, r *http.Request) error {
	return s.act(s.askWaive, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		return s.Actions.Waive(ctx, u, m.Name, note(r))
	})(w, r)
}

var powerVerbs = []string{"on", "off", "cycle"}

func (s *Site) power(w http.ResponseWriter, r *http.Request) error {
	return s.act(s.askPower, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		verb := r.PostFormValue("verb")
		if !slices.Contains(powerVerbs, verb) {
			return fmt.Errorf("power %q: want one of %s", clip(verb, 32), strings.Join(powerVerbs, ", "))
		}
		if err := typed(r, m.Name); err != nil {
			return err
		}
		return s.Actions.Power(ctx, u, m.Name, verb, m.Name)
	})(w, r)
}

// light needs no dialog: it points at a machine and changes nothing of it.
func (s *Site) light(w http.ResponseWriter, r *http.Request) error {
	return s.act(nil, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		return s.Actions.Light(ctx, u, m.Name, r.PostFormValue("verb"))
	})(w, r)
}

func (s *Site) recheck(w http.ResponseWriter, r *http.Request) error {
	return s.act(nil, func(ctx context.Context, u auth.User, m *machine.Machine, _ *http.Request) error {
		return s.Actions.Recheck(ctx, u, m.Name)
	})(w, r)
}

const maxNote = 200

func (s *Site) lock(w http.ResponseWriter, r *http.Request) error {
	return s.act(s.askLock, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		note := strings.TrimSpace(r.PostFormValue("note"))
		if note == "" || len(note) > maxNote {
			return fmt.Errorf("the note has %d bytes: want 1 to %d that say why", len(note), maxNote)
		}
		return s.Actions.Lock(ctx, u, m.Name, note)
	})(w, r)
}

func (s *Site) thaw(w http.ResponseWriter, r *http.Request) error {
	return s.act(s.askThaw, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		return s.Actions.Thaw(ctx, u, m.Name, strings.TrimSpace(r.PostFormValue("note")))
	})(w, r)
}

func (s *Site) unlock(w http.ResponseWriter, r *http.Request) error {
	return s.act(nil, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		return s.Actions.Unlock(ctx, u, m.Name, clip(strings.TrimSpace(r.PostFormValue("note")), maxNote))
	})(w, r)
}

func (s *Site) cancel(w http.ResponseWriter, r *http.Request) error {
	job, err := s.Data.Job(r.PathValue("id"))
	if err != nil {
		return err
	}
	name, url := s.nameOf(job.Machine)
	ctx, err := s.resting(r, job)
	if err == nil {
		err = typed(r, name)
	}
	if err == nil {
		err = s.Actions.Cancel(ctx, userOf(r), job.ID)
	}
	if err != nil {
		return s.again(w, r, job, s.askCancel, err)
	}
	http.Redirect(w, r, url, http.StatusSeeOther)
	return nil
}
