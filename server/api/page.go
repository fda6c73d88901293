package api

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// order is how a list is sorted, and how its cursor says where a page began.
type order[T any] struct {
	// after tells whether a row comes after the one that a cursor names.
	after func(cursor string) (func(T) bool, error)
	// name is the cursor that names a row.
	name func(T) string
}

// page cuts one page out of a whole sorted list.
func page[T, V any](all []T, p Page, o order[T], show func(T) V) (List[V], error) {
	rest := all
	if p.Cursor != "" {
		after, err := o.after(p.Cursor)
		if err != nil {
			return List[V]{}, badCursor(p.Cursor)
		}
		// The rows are sorted: those after the cursor are the end of the list.
		first, _ := slices.BinarySearchFunc(all, true, func(row T, _ bool) int {
			if after(row) {
				return 1
			}
			return -1
		})
		rest = all[first:]
	}
	l := List[V]{Total: len(all), Items: make([]V, 0, min(p.Limit, len(rest)))}
	for _, row := range rest[:min(p.Limit, len(rest))] {
		l.Items = append(l.Items, show(row))
	}
	if p.Limit < len(rest) {
		l.NextCursor = o.name(rest[p.Limit-1])
	}
	return l, nil
}

// whole is a list that has one page.
func whole[T, V any](all []T, show func(T) V) List[V] {
	l := List[V]{Total: len(all), Items: make([]V, 0, len(all))}
	for _, row := range all {
		l.Items = append(l.Items, show(row))
	}
	return l
}

// tail is a page of rows that were read with one more than asked for.
func tail[T, V any](rows []T, limit int, name func(T) string, show func(T) V) Tail[V] {
	t := Tail[V]{Items: make([]V, 0, min(limit, len(rows)))}
	for _, row := range rows[:min(limit, len(rows))] {
		t.Items = append(t.Items, show(row))
	}
	if len(rows) > limit && name != nil {
		t.NextCursor = name(rows[limit-1])
	}
	return t
}

func badCursor(cursor string) error {
	return huma.Error422UnprocessableEntity(
		fmt.Sprintf("query.cursor %.80q: is not one of ours: send the next_cursor of the page before, or leave it out", cursor),
		&huma.ErrorDetail{Message: "is not one of ours", Location: "query.cursor", Value: cursor})
}

// idCursor reads a cursor that is a number; 0 for the first page.
func idCursor(cursor string) (int64, error) {
	id, err := strconv.ParseInt(cmp.Or(cursor, "0"), 10, 64)
	if err != nil || id < 0 {
		return 0, badCursor(cursor)
	}
	return id, nil
}
