package api

// List is one page of a list. Its cursor stays good while rows come and go: it
// names the last row that was seen, not a position.
type List[T any] struct {
	Items      []T    `json:"items" nullable:"false" doc:"The rows of this page"`
	Total      int    `json:"total" doc:"Rows on all pages" example:"12000"`
	NextCursor string `json:"next_cursor,omitempty" doc:"Send it as cursor for the next page; absent on the last one" example:"C0MPUT3"`
}

// Page is which part of a list is asked for.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Rows on a page"`
	Cursor string `query:"cursor" maxLength:"200" doc:"The next_cursor of the page before" example:"C0MPUT3"`
}

// Tail is one page of a list that is not counted, newest first.
type Tail[T any] struct {
	Items      []T    `json:"items" nullable:"false" doc:"The rows of this page, newest first"`
	NextCursor string `json:"next_cursor,omitempty" doc:"Send it as cursor for the page of older ones; absent when there are none" example:"90125"`
}
