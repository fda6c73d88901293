package serverdb

import (
	"context"
	"errors"
	"time"

	"firstlight/server/serverdb/store"
)

// ReplyLife is how long a reply is kept for a request that comes again.
const ReplyLife = 24 * time.Hour

// ErrClaimed means that a request with the same idempotency key has written
// already: perhaps through another process, or a moment ago.
var ErrClaimed = errors.New("another request with this key has written already")

// Repeatable makes a request happen once. It is kept with the request's first write,
// in one transaction: either there is no trace of a request, or whoever sends it
// again is told that it was carried out, also when the appliance lost its power
// before it could answer.
type Repeatable struct {
	reply store.Reply
	made  bool
}

// Once gives a context whose first write claims a key of an account. record is
// kept until KeepReply says how the request was answered.
func Once(ctx context.Context, who, key, record string) (context.Context, *Repeatable) {
	r := &Repeatable{reply: store.Reply{Who: who, Key: key, Record: record}}
	return under(ctx, r), r
}

// Made tells whether the request has written. Ask when its writes have returned.
func (r *Repeatable) Made() bool { return r.made }

func (r *Repeatable) before(*Write) error { return nil }

// after keeps the claim, and forgets those whose time is over: a key may come
// again after it.
func (r *Repeatable) after(w *Write) error {
	if r.made {
		return nil
	}
	reply := r.reply
	reply.At = w.now
	err := errors.Join(w.tx.DropReplies(w.now.Add(-ReplyLife)), w.tx.AddReply(reply))
	if errors.Is(err, store.ErrTaken) {
		return ErrClaimed
	}
	w.own.after = append(w.own.after, func() { r.made = true })
	return err
}

// Reply reads what is kept for a key, "" where there is nothing or its time is
// over.
func (d *DB) Reply(ctx context.Context, who, key string) (record string, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		r, err := tx.Reply(who, key)
		if d.Now().Sub(r.At) < ReplyLife {
			record = r.Record
		}
		return err
	})
	return record, err
}

// KeepReply says how the request was answered that claimed a key.
func (d *DB) KeepReply(ctx context.Context, who, key, record string) error {
	return d.Do(ctx, func(w *Write) error { return w.tx.SetReply(store.Reply{Who: who, Key: key, Record: record}) })
}

// FreeKey lets the next request with a key be carried out: the one before did
// not do what it was asked.
func (d *DB) FreeKey(ctx context.Context, who, key string) error {
	return d.Do(ctx, func(w *Write) error { return w.tx.DropReply(who, key) })
}
