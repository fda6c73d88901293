package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"firstlight/cmd/firstlight/client"
	"firstlight/cmd/firstlight/complete"
	"firstlight/server/api"
)

// tabPatience bounds how long a press of Tab waits for an appliance.
const tabPatience = 300 * time.Millisecond

// namer asks the appliance for names. One that is slow, away or refuses has
// none.
type namer struct {
	ctx context.Context
	h   *host
}

func (n namer) names(kind, prefix string, flags map[string]string) []complete.Candidate {
	r := remote{URL: flags["url"], CAFile: flags["ca-file"], TokenFile: flags["token-file"], Socket: flags["socket"]}
	a, err := r.open(n.h)
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(n.ctx, tabPatience)
	defer cancel()
	if field, ok := strings.CutPrefix(kind, complete.FieldKind); ok {
		return fieldNames(ctx, a, field, prefix)
	}
	if ask := kinds[kind]; ask != nil {
		return ask(ctx, a, prefix)
	}
	return nil
}

// kinds are the kinds of names that arguments have.
var kinds = map[string]func(context.Context, *client.Client, string) []complete.Candidate{
	"machine": machineNames,
	"image":   named("/images", func(i api.Image) complete.Candidate { return complete.Candidate{Value: i.Name, Help: i.Arch} }),
	"subnet":  named("/subnets", func(s api.Subnet) complete.Candidate { return complete.Candidate{Value: s.Name, Help: s.Prefix} }),
	"token":   named("/tokens", func(t api.Token) complete.Candidate { return complete.Candidate{Value: t.ID, Help: t.Label} }),
	"job": named("/jobs", func(j api.Job) complete.Candidate {
		return complete.Candidate{Value: j.ID, Help: strings.Join([]string{j.Action, j.Machine, j.Status}, " ")}
	}),
}

// named asks for the first page of a list.
func named[T any](path string, name func(T) complete.Candidate) func(context.Context, *client.Client, string) []complete.Candidate {
	return func(ctx context.Context, a *client.Client, _ string) (all []complete.Candidate) {
		rows, err := client.Whole[T](ctx, a, path, nil)
		if err != nil {
			return nil
		}
		for _, row := range rows.Items {
			all = append(all, name(row))
		}
		return all
	}
}

// machineNames are names and host names that begin with prefix.
func machineNames(ctx context.Context, a *client.Client, prefix string) (all []complete.Candidate) {
	for _, m := range machinesWith(ctx, a, prefix, "name", "hostname") {
		all = append(all, complete.Candidate{Value: m.Name, Help: strings.Join([]string{m.Status, m.Hostname}, " ")})
		if strings.HasPrefix(m.Hostname, prefix) && prefix != "" {
			all = append(all, complete.Candidate{Value: m.Hostname, Help: strings.Join([]string{m.Status, m.Name}, " ")})
		}
	}
	return all
}

// machineFields are the fields whose values are names that somebody gave.
var machineFields = map[string]func(api.Machine) string{
	"name": func(m api.Machine) string { return m.Name }, "hardwarename": func(m api.Machine) string { return m.Name },
	"hostname": func(m api.Machine) string { return m.Hostname }, "site": func(m api.Machine) string { return m.Site },
	"rack": func(m api.Machine) string { return m.Rack }, "role": func(m api.Machine) string { return m.Role },
	"pool": func(m api.Machine) string { return m.Pool }, "owner": func(m api.Machine) string { return m.Owner },
	"rule": func(m api.Machine) string { return m.Rule }, "serial": func(m api.Machine) string { return m.Serial },
	"vendor": func(m api.Machine) string { return m.Vendor }, "product": func(m api.Machine) string { return m.Product },
	"room": func(m api.Machine) string { return m.Room }, "delivery": func(m api.Machine) string { return m.Delivery },
	"type": func(m api.Machine) string { return m.Type }, "reason": func(m api.Machine) string { return m.Reason },
}

// fieldNames are the values that machines have in a field.
func fieldNames(ctx context.Context, a *client.Client, field, prefix string) (all []complete.Candidate) {
	switch read := machineFields[field]; {
	case field == "image", field == "subnet":
		return kinds[field](ctx, a, prefix)
	case read == nil:
		return nil
	default:
		var values []string
		for _, m := range machinesWith(ctx, a, prefix, field) {
			values = append(values, read(m))
		}
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			all = append(all, complete.Candidate{Value: v})
		}
		return all
	}
}

// completed are the fields that are looked at here. A hardwarename is a name.
func completed() string {
	return strings.ReplaceAll(strings.Join(append(slices.Sorted(maps.Keys(machineFields)), "status"), ","), "hardwarename,", "")
}

// machinesWith asks for machines of which one of some fields begins with prefix,
// as many as a page holds.
func machinesWith(ctx context.Context, a *client.Client, prefix string, fields ...string) []api.Machine {
	var terms []string
	for _, f := range fields {
		if prefix != "" {
			terms = append(terms, f+`="`+prefix+`*"`)
		}
	}
	if strings.ContainsAny(prefix, `"*?,`) {
		return nil
	}
	rows, err := client.Whole[api.Machine](ctx, a, "/machines", queryOf("limit", "200", "fields", completed(), "selector", strings.Join(terms, " or ")))
	if err != nil {
		return nil
	}
	return rows.Items
}
