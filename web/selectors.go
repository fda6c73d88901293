package web

import (
	"net/http"
	"net/url"

	"firstlight/server/machine"
)

// selectorsData documents the language of selectors.
type selectorsData struct {
	Grammar []grammarRow
	Fields  []fieldRow
}

// grammarRow is a way to write a selector, and what it is for. URL tries it.
type grammarRow struct{ Write, For, URL string }

type fieldRow struct{ Name, Help, Compares, Known string }

// grammar is by example; each can be read, which a test holds.
var grammar = []grammarRow{
	{Write: "status=available rack=r12", For: "both hold; and may stand between"},
	{Write: "role=db or pool=a", For: "either holds; and binds closer than or"},
	{Write: "site=lon6 (role=db or pool=a)", For: "parentheses group"},
	{Write: "!hostname", For: "without a host name; a field alone asks whether there is something"},
	{Write: "not status=held", For: "the same as status!=held"},
	{Write: "rack=r9,r12", For: "any of a set"},
	{Write: "rack=r9..r14", For: "a range, counted as people do: r9 comes before r12"},
	{Write: "cores>=32 memory>=256GiB", For: "comparison, with units"},
	{Write: "vendor=Dell* name=C0MP??3", For: "* stands for any characters, ? for one"},
	{Write: `note="loud fan"`, For: "quotes hold blanks together"},
	{Write: `"pgdata fan"`, For: "words that a serial, MAC, name, model, disk or note begins with"},
}

// compares says how the values of a kind of field compare.
var compares = map[machine.FieldKind]string{
	machine.TextField: "text: equal, or a pattern", machine.NameField: "names, in the order in which people count",
	machine.NumberField: "numbers: also <, <=, >, >= and ranges", machine.FlagField: "true or false",
}

// known says where a field is.
var known = map[machine.Scope]string{machine.InRules: "in rules only", machine.InSearches: "not in rules"}

func (s *Site) selectors(*http.Request) (view, error) {
	var d selectorsData
	for _, g := range grammar {
		g.URL = "/machines?q=" + url.QueryEscape(g.Write)
		d.Grammar = append(d.Grammar, g)
	}
	for _, f := range machine.Fields() {
		d.Fields = append(d.Fields, fieldRow{f.Name, f.Help, compares[f.Kind], known[f.Scope]})
	}
	return view{title: "Selectors", template: "selectors", data: d}, nil
}
