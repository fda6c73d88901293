package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"firstlight/server/delivery"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Import brings a fleet of n machines as a list into a new database at a place,
// and gives what that took, from the text to the answer.
func Import(ctx context.Context, place string, n int) (took time.Duration, err error) {
	if err := Fill(ctx, place, 0); err != nil { // the plan
		return 0, err
	}
	list, err := listed(n)
	if err != nil {
		return 0, err
	}
	db, err := open(ctx, place, nil)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	began := time.Now()
	l, err := delivery.Read(list, nil)
	if err != nil {
		return 0, err
	}
	got, err := db.Import(ctx, serverdb.Import{
		Order: delivery.Order{Lines: l.Lines, Delivery: "fleet", CreateRacks: true}, Who: serverdb.Actor{Name: "fleet"}, Progress: func(int, int) {},
	})
	took = time.Since(began)
	if err == nil && got.Count(delivery.New) != n {
		err = fmt.Errorf("%d of %d lines are new machines", got.Count(delivery.New), n)
	}
	return took, err
}

// listed is the list, as an export writes it.
func listed(n int) ([]byte, error) {
	all := make([]*machine.Machine, n)
	for i := range all {
		all[i] = Machine(i)
	}
	var list bytes.Buffer
	err := delivery.WriteCSV(&list, all)
	return list.Bytes(), err
}
