package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"firstlight/server/boot"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

const (
	// BootsOfOne is how often each machine of Boots boots.
	BootsOfOne = 4
	// DecisionsOfOne is how often the appliance decides in each of these boots:
	// for the firmware, for iPXE and for its script.
	DecisionsOfOne = 3
)

// Boots writes the decisions of n boots into the journal of a database, one boot
// every ten seconds from twenty days ago on. They are of machines that nobody
// knew then, on a subnet that observes; change says what they asked with besides.
func Boots(ctx context.Context, db *serverdb.DB, n int, change func(*boot.Request)) error {
	const atOnce = 1000
	began := time.Now().Add(-20 * 24 * time.Hour)
	for first := 0; first < n; first += atOnce {
		var rows []journal.Event
		for i := first; i < min(first+atOnce, n); i++ {
			own, err := decisions(i%max(n/BootsOfOne, 1), began.Add(time.Duration(i)*10*time.Second), change)
			if err != nil {
				return err
			}
			rows = append(rows, own...)
		}
		if err := db.Do(ctx, func(w *serverdb.Write) error { return w.Events(rows) }); err != nil {
			return fmt.Errorf("decisions of the boots from %d on: %w", first, err)
		}
	}
	return nil
}

// decisions are those of one boot of the machine with a number.
func decisions(i int, began time.Time, change func(*boot.Request)) ([]journal.Event, error) {
	r := boot.Request{MAC: MAC(i, 0), UUID: hardwareUUID(i), Platform: "efi"}
	change(&r)
	var rows []journal.Event
	for s, stage := range [DecisionsOfOne]boot.Stage{boot.StageFirmware, boot.StageIPXE, boot.StageIPXE} {
		r.Stage, r.Script = stage, s == DecisionsOfOne-1
		k, at := boot.Known{Policy: machine.PolicyObserve}, began.Add(time.Duration(s)*time.Second)
		record := boot.NewRecord(r, boot.Decide(r, k, at), k)
		inputs, err := json.Marshal(record)
		if err != nil {
			return nil, err
		}
		rows = append(rows, serverdb.DecisionRow(record, string(inputs), at))
	}
	return rows, nil
}
