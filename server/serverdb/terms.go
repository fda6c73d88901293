package serverdb

import (
	"context"
	"slices"
)

// term is something that a request wants of the writes which it leads to. It
// travels in their context: between the door that knows the request and the
// transaction that writes for it stand verbs whom it does not concern.
type term interface {
	// before may refuse a write before it begins.
	before(*Write) error
	// after may add to a write that went well, or refuse it after all.
	after(*Write) error
}

type termsKey struct{}

func termsOf(ctx context.Context) []term {
	all, _ := ctx.Value(termsKey{}).([]term)
	return all
}

// under gives a context whose writes are under one more term.
func under(ctx context.Context, t term) context.Context {
	all := termsOf(ctx)
	return context.WithValue(ctx, termsKey{}, append(slices.Clip(all), t))
}

// on runs fn under the terms of a write's context.
func (w *Write) on(terms []term, fn func(*Write) error) error {
	for _, t := range terms {
		if err := t.before(w); err != nil {
			return err
		}
	}
	if err := fn(w); err != nil {
		return err
	}
	for _, t := range terms {
		if err := t.after(w); err != nil {
			return err
		}
	}
	return nil
}

// Resting gives a context whose writes happen only while holds finds what the
// request was made on (RFC 9110 section 13.1.1: If-Match). It is asked within
// each write, so that nothing fits between looking and writing, until the
// request has changed that state itself.
func Resting(ctx context.Context, holds func(*Write) error) context.Context {
	return under(ctx, &basis{holds: holds})
}

// basis belongs to the writer, but for its making.
type basis struct {
	holds func(*Write) error
	moved bool // by the request itself
}

func (b *basis) before(w *Write) error {
	if b.moved {
		return nil
	}
	return b.holds(w)
}

func (b *basis) after(w *Write) error {
	if !b.moved && b.holds(w) != nil {
		w.own.after = append(w.own.after, func() { b.moved = true })
	}
	return nil
}
