package api

import (
	"context"

	"firstlight/server/handover"
	"firstlight/server/machine"
)

// Node is what Puppet's external node classifier answers.
type Node struct {
	Classes     []string          `json:"classes" nullable:"false" doc:"Of the machine's role" example:"[\"role::db\"]"`
	Parameters  map[string]string `json:"parameters" doc:"Of its role, of the machine, and what ServerDb knows as firstlight_…" example:"{\"firstlight_role\":\"db\"}"`
	Environment string            `json:"environment,omitempty" doc:"Of its role; absent: the agent's own" example:"production"`
}

// Inventory is Ansible's dynamic inventory.
type Inventory struct {
	Groups map[string][]string          `json:"groups" doc:"Hosts by status, site, rack, role, pool, owner, type and tag" example:"{\"role_db\":[\"lon6-db-1.lon6.example.net\"]}"`
	Hosts  map[string]map[string]string `json:"hosts" doc:"What is known of each host" example:"{\"lon6-db-1.lon6.example.net\":{\"ansible_host\":\"10.80.12.100\"}}"`
}

// Target is one thing that Prometheus scrapes.
type Target struct {
	Targets []string          `json:"targets" nullable:"false" doc:"Address and port" example:"[\"10.80.12.100:9100\"]"`
	Labels  map[string]string `json:"labels" doc:"What ServerDb knows, as __meta_firstlight_…" example:"{\"__meta_firstlight_role\":\"db\"}"`
}

type classifyInput struct {
	Certname string `path:"certname" maxLength:"255" doc:"Name of the node's certificate: its host name, with or without domain" example:"lon6-db-1.lon6.example.net"`
}

func (a *API) classify(_ context.Context, in *classifyInput) (Node, error) {
	n, err := a.Desk.Classify(in.Certname)
	return Node(n), err
}

// SelectorInput picks machines.
type SelectorInput struct {
	Selector string `query:"selector" maxLength:"1024" doc:"Which machines; absent: all" example:"status=in_use"`
}

func (in *SelectorInput) parse() (machine.Selector, error) {
	sel, err := machine.ParseSelector(in.Selector)
	if err != nil {
		return sel, at("query.selector", in.Selector, err)
	}
	return sel, nil
}

func (a *API) inventory(ctx context.Context, in *SelectorInput) (Inventory, error) {
	sel, err := in.parse()
	if err != nil {
		return Inventory{}, err
	}
	inv, err := a.Desk.Inventory(ctx, sel)
	return Inventory(inv), selectorProblem(in.Selector, err)
}

type targetsInput struct {
	SelectorInput
	Port uint16 `query:"port" minimum:"1" default:"9100" doc:"Where the machines' exporter listens" example:"9100"`
}

func (a *API) targets(ctx context.Context, in *targetsInput) ([]Target, error) {
	sel, err := in.parse()
	if err != nil {
		return nil, err
	}
	all, err := a.Desk.Targets(ctx, sel, in.Port)
	if err != nil {
		return nil, selectorProblem(in.Selector, err)
	}
	return each(all, func(t handover.Target) Target { return Target(t) }), nil
}
