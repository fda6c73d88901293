package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"firstlight/server/serverdb"
)

// databasePatience is for a server that does not answer.
const databasePatience = 8 * time.Second

// database looks at a PostgreSQL database; SQLite's file stands in the state
// folder.
func database(ctx context.Context, p Patient) []Finding {
	if p.Config.Database == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, databasePatience)
	defer cancel()
	found, err := serverdb.Look(ctx, p.Config.Database)
	if err != nil {
		about, detail, _ := strings.Cut(err.Error(), ": ")
		return []Finding{{Fail, about, detail, "correct database in the configuration, or the server"}}
	}
	return []Finding{content("database "+serverdb.Name(p.Config.Database), found)}
}

// content says what a start would find.
func content(about string, f serverdb.Found) Finding {
	switch {
	case f.Served != "":
		return ok(about, "an appliance serves it, "+f.Served)
	case f.Others > 0:
		return Finding{Warn, about, fmt.Sprintf("holds %d tables of something else", f.Others), "give the appliance a database of its own"}
	case f.Schema == 0:
		return ok(about, "is empty; the first start fills it, or restore a backup into it")
	case f.Schema < f.Newest:
		return ok(about, fmt.Sprintf("has schema %d; the next start brings it to %d", f.Schema, f.Newest))
	}
	return ok(about, fmt.Sprintf("has schema %d", f.Schema))
}
