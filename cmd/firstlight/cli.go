package main

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"firstlight/server/machine"
)

// cli is every command. What a command does stands in the file of its name.
type cli struct {
	Serve      serveCmd      `cmd:"" group:"host" help:"Run the appliance."`
	Init       initCmd       `cmd:"" group:"host" help:"Write a commented configuration."`
	Check      checkCmd      `cmd:"" group:"host" help:"Check a configuration and print all its problems."`
	Doctor     doctorCmd     `cmd:"" group:"host" help:"Check whether this host can serve."`
	Restore    restoreCmd    `cmd:"" group:"host" help:"Restore a backup, while the appliance is stopped."`
	Key        keyCmd        `cmd:"" group:"host" help:"The key that seals what is secret in the database: replace it, list it."`
	CA         caCmd         `cmd:"" name:"ca" group:"host" help:"The root of boots over HTTPS: list it, replace it, forget those before it."`
	Version    versionCmd    `cmd:"" group:"host" help:"Print the version."`
	Completion completionCmd `cmd:"" group:"host" help:"Print a completion script for a shell."`
	Complete   completeCmd   `cmd:"" name:"__complete" hidden:""`

	Machine     machineCmd           `cmd:"" group:"ask" help:"Machines: list, show, power, light, lock, release."`
	Issues      issuesCmd            `cmd:"" group:"ask" help:"What asks for a person, the oldest first."`
	Issue       issueCmd             `cmd:"" group:"ask" help:"One issue: take it, give it back; and the catalogue."`
	BMC         bmcCmd               `cmd:"" name:"bmc" group:"ask" help:"Log-ins to the BMCs of machines."`
	Boot        bootCmd              `cmd:"" group:"ask" help:"What machines boot, and why."`
	Job         jobCmd               `cmd:"" group:"ask" help:"Jobs: install, follow, cancel."`
	Image       imageCmd             `cmd:"" group:"ask" help:"The catalogue of images."`
	Subnet      subnetCmd            `cmd:"" group:"ask" help:"Subnets that are served."`
	Rule        ruleCmd              `cmd:"" group:"ask" help:"Rules that accept machines."`
	Site        planCmd[siteKind]    `cmd:"" group:"plan" help:"Places with machines."`
	Room        planCmd[roomKind]    `cmd:"" group:"plan" help:"Parts of sites."`
	Rack        rackCmd              `cmd:"" group:"plan" help:"Racks, and what stands in them."`
	Type        planCmd[typeKind]    `cmd:"" group:"plan" help:"Hardware types: what is expected of machines."`
	Team        planCmd[teamKind]    `cmd:"" group:"plan" help:"Owners of machines."`
	Service     planCmd[serviceKind] `cmd:"" group:"plan" help:"What machines of a role answer."`
	Role        planCmd[roleKind]    `cmd:"" group:"plan" help:"What machines do."`
	Pool        planCmd[poolKind]    `cmd:"" group:"plan" help:"Groups of machines of one role at one site."`
	Gate        gateCmd              `cmd:"" group:"plan" help:"Changes of status that wait for a system outside."`
	Option      planCmd[optionKind]  `cmd:"" group:"plan" help:"DHCP options beside what a boot needs: for all, for subnets, for machines by selector."`
	Capacity    capacityCmd          `cmd:"" group:"plan" help:"How many machines are free, where and of which kind."`
	Lease       leaseCmd             `cmd:"" group:"ask" help:"DHCP leases."`
	Stranger    strangerCmd          `cmd:"" group:"ask" help:"Interfaces that nobody knows."`
	User        userCmd              `cmd:"" group:"ask" help:"Accounts: who may log in, as what, and for which teams."`
	Token       tokenCmd             `cmd:"" group:"ask" help:"API tokens."`
	Enc         encCmd               `cmd:"" group:"ask" help:"What Puppet is to know of a node (external node classifier)."`
	Inventory   inventoryCmd         `cmd:"" group:"ask" help:"Hosts by group, for Ansible (dynamic inventory)."`
	Backup      backupCmd            `cmd:"" group:"ask" help:"Backups: make one, check one."`
	SafeMode    safeModeCmd          `cmd:"" group:"ask" help:"The safe mode after a restore."`
	Import      importCmd            `cmd:"" group:"ask" help:"Bring a list of machines: a delivery, or machines in use."`
	Export      exportCmd            `cmd:"" group:"ask" help:"Write machines as a list that import reads."`
	Delivery    deliveryCmd          `cmd:"" group:"ask" help:"Deliveries: list, show, close."`
	Certificate certificateCmd       `cmd:"" group:"ask" help:"Certificates of erased disks: verify them, get the key."`
	Audit       auditCmd             `cmd:"" group:"ask" help:"What people and programs did."`
	Health      healthCmd            `cmd:"" group:"ask" help:"How the parts of the appliance are."`
	Login       loginCmd             `cmd:"" group:"ask" help:"Log in, or make the first admin, and keep a token."`
}

// common are the flags that every command has.
type common struct {
	NoColor bool `help:"Print without colours, as with NO_COLOR=1; they are for terminals only anyway."`
}

// grammar is the command that args begin with, or all of them where they begin
// with none: to read the tags of all takes longer than a small command does.
func grammar(args []string) any {
	return reflect.New(narrowed(reflect.TypeFor[cli](), args)).Interface()
}

// narrowed leaves one command of a struct of commands, and one below that; where
// their list is asked for, the commands without what each of them takes.
func narrowed(t reflect.Type, args []string) reflect.Type {
	if len(args) == 0 || args[0] == "--help" || args[0] == "-h" {
		return outlined(t)
	}
	for f := range t.Fields() {
		_, command := f.Tag.Lookup("cmd")
		_, hidden := f.Tag.Lookup("hidden") // it needs to see all
		if command && !hidden && args[0] == cmp.Or(f.Tag.Get("name"), strings.ToLower(f.Name)) {
			f.Type = narrowed(f.Type, args[1:])
			return reflect.StructOf([]reflect.StructField{f})
		}
	}
	return t
}

// outlined leaves of each command in a struct of commands its name and help. A
// struct with a default command stays whole: that one's flags are its own, too.
func outlined(t reflect.Type) reflect.Type {
	fields := reflect.VisibleFields(t)
	if len(fields) == 0 {
		return t // a command that takes nothing
	}
	for i, f := range fields {
		_, command := f.Tag.Lookup("cmd")
		if _, preset := f.Tag.Lookup("default"); !command || preset {
			return t
		}
		fields[i].Type = reflect.TypeFor[struct{}]()
	}
	return reflect.StructOf(fields)
}

const description = `Network boot appliance: answers DHCP, TFTP, HTTP boot and DNS from one live database.

` + codes

// run does one command and gives the exit code.
func run(ctx context.Context, args []string, h *host) int {
	exited := -1 // --help ends with a code instead of an error
	flags := common{}
	parser, err := newParser(grammar(args), &flags, h, func(code int) { exited = code })
	if err != nil {
		return h.fail(err)
	}
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		return h.fail(usageError(err))
	}
	h.noColor = flags.NoColor
	command.BindTo(ctx, (*context.Context)(nil))
	return h.fail(command.Run())
}

func newParser(grammar any, flags *common, h *host, exit func(int)) (*kong.Kong, error) {
	return kong.New(grammar, kong.Embed(flags),
		kong.Name("firstlight"), kong.Description(description),
		kong.Writers(h.out, h.err), kong.Exit(exit), kong.Bind(h),
		kong.Vars{"config": defaultConfig, "reasons": strings.Join(machine.BrokenReasons(), ","), "handlings": handlingWords()},
		kong.ExplicitGroups([]kong.Group{
			{Key: "host", Title: "On the appliance's host"},
			{Key: "ask", Title: "From anywhere, to a running appliance"},
			{Key: "plan", Title: "The plan of a running appliance"},
			{Key: "appliance", Title: applianceGroup},
		}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
	)
}

func handlingWords() string {
	var all []string
	for _, h := range machine.Handlings() {
		all = append(all, string(h))
	}
	return strings.Join(all, ",")
}

// usageError says which command's help explains more.
func usageError(err error) error {
	words := []string{"firstlight"}
	if p := (*kong.ParseError)(nil); errors.As(err, &p) {
		for _, part := range p.Context.Path {
			if part.Command != nil {
				words = append(words, part.Command.Name)
			}
		}
	}
	return usage("%w (%s --help shows what there is)", err, strings.Join(words, " "))
}
