package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// Prefix is where the API stands; the paths of routes are below it.
const Prefix = "/api/v1"

// route is one address with the role that it asks for.
type route struct {
	method, path string
	role         auth.Role
	id           string // of the operation, for whoever generates clients
	says         string
	serve        func(*API, huma.Operation) // registers the handler
}

// routes is every address of the API. The roles are those that the pages ask
// for the same verbs.
func (a *API) routes() []route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	return append([]route{
		{get, "/machines", auth.Viewer, "list-machines", "Machines that a selector picks, by name", serve(a.machines)},
		{get, "/machines/{ref}", auth.Viewer, "get-machine", "One machine, by name, id, MAC or host name", serve(a.machine)},
		{http.MethodPatch, "/machines/{ref}", auth.Technician, "patch-machine", "Change what is declared of a machine", serve(a.patchMachine)},
		{post, "/machines/bulk", auth.Technician, "change-machines", "Change all machines that a selector picks, or none", serve(a.changeMachines)},
		{get, "/machines/{ref}/timeline", auth.Viewer, "machine-timeline", "What happened to a machine, newest first", serve(a.timeline)},
		{get, "/machines/{ref}/history", auth.Viewer, "machine-history", "Changes of a machine's status, oldest first", serve(a.history)},
		{get, "/machines/{ref}/rules", auth.Viewer, "try-rules", "Which rule a machine would get now, and why not the others", serve(a.tryRules)},
		{get, "/machines/{ref}/boot", auth.Viewer, "explain-boot", "What a machine, or a MAC that nobody knows, would boot now, and why", serve(a.boot)},
		{get, "/machines/{ref}/log", auth.Viewer, "machine-log", "The last lines that a machine's agent logged", serve(a.log)},
		{post, "/machines/{ref}/power", auth.Technician, "power-machine", "Switch the power; answers once the BMC shows it", serve(a.power)},
		{post, "/machines/{ref}/light", auth.Technician, "light-machine", "Set the identify light; answers once the BMC shows it", serve(a.light)},
		{post, "/machines/{ref}/recheck", auth.Technician, "recheck-machine", "Let the rules decide again", serve(a.recheck)},
		{post, "/machines/{ref}/broken", auth.Technician, "break-machine", "Mark a machine as broken", serve(a.broken)},
		{post, "/machines/{ref}/repair", auth.Technician, "repair-machine", "Give a broken machine into repair", serve(a.repair)},
		{post, "/machines/{ref}/repaired", auth.Technician, "end-repair", "End a repair: the machine is checked like a new one", serve(a.repaired)},
		{post, "/machines/{ref}/undo", auth.Technician, "undo-act", "Take the last act of a person on a machine back", serve(a.undo)},
		{post, "/machines/{ref}/return", auth.Engineer, "return-machine", "Give a broken machine back to its owner", serve(a.giveBack)},
		{post, "/machines/{ref}/retire", auth.Admin, "retire-machine", "Take a machine out of the fleet for good", serve(a.retire)},
		{post, "/machines/{ref}/erase", auth.Engineer, "erase-machine", "Have all disks of a machine erased", create(a.erase)},
		{post, "/machines/{ref}/adopt-bmc", auth.Admin, "adopt-bmc", "Have a machine's agent make a user of ours on its BMC, or rotate its password", create(a.adoptBMC)},
		{post, "/machines/{ref}/unfence", auth.Engineer, "unfence-machine", "Take the fence from a machine whose erase failed", serve(a.unfence)},
		{get, "/machines/{ref}/erasures", auth.Viewer, "list-erasures", "What became of a machine's disks when they were erased, newest first", serve(a.erasures)},
		{post, "/machines/{ref}/check", auth.Technician, "check-machine", "Have a machine's hardware checked", create(a.check)},
		{get, "/machines/{ref}/checks", auth.Viewer, "list-checks", "What checks found of a machine's hardware, newest first", serve(a.checks)},
		{get, "/checks/{id}", auth.Viewer, "get-check", "One check, with every sample", serve(a.oneCheck)},
		{get, "/certificate-key", auth.Viewer, "get-certificate-key", "The public key that verifies certificates of erased disks", serve(a.certificateKey)},
		{post, "/machines/{ref}/lock", auth.Engineer, "lock-machine", "Keep automation away", serve(a.lock)},
		{post, "/machines/{ref}/unlock", auth.Engineer, "unlock-machine", "Let automation at it again", serve(a.unlock)},
		{post, "/machines/{ref}/thaw", auth.Engineer, "thaw-machine", "Let a machine go on that a restore froze", serve(a.thaw)},
		{post, "/machines/{ref}/waive", auth.Admin, "waive-machine", "Let a held machine pass a check that failed", serve(a.waive)},
		{post, "/machines/{ref}/release", auth.Engineer, "release-machine", "Give disks that are not empty free to be overwritten", serve(a.release)},
		{post, "/machines/{ref}/pass-gate", auth.Engineer, "pass-gate", "Let a machine go on without the answer that it waits for", serve(a.passGate)},
		{post, "/machines/{ref}/ask-gate", auth.Technician, "ask-gate", "Ask a system outside again that refused, or did not answer", serve(a.askGate)},
		{post, "/machines/{ref}/accept-port", auth.Technician, "accept-port", "Make the switch ports where a machine was seen those of the plan", serve(a.acceptPort)},
		{get, "/machines/{ref}/issues", auth.Viewer, "machine-issues", "Open issues of one machine, the oldest first", serve(a.machineIssues)},
		{get, "/machines/{ref}/packets", auth.Viewer, "list-packets", "The last DHCP packets of a machine, or of a MAC that nobody knows, oldest first", serve(a.packets)},
		{get, "/machines/{ref}/packets.pcap", auth.Viewer, "get-packets", "The same packets as a file for Wireshark and tcpdump", pcap},
		{get, "/machines/{ref}/bundle", auth.Technician, "get-bundle", "All that is known of a machine's boots, or of a MAC's, as one file to take away", bundleFile},
		{post, "/boot/diff", auth.Viewer, "diff-boots", "Whose boot a change of a rule, a subnet or machines would answer differently", serve(a.diffBoots)},
		{get, "/boot/simulation", auth.Viewer, "simulate-boot", "What a machine would be told, step by step, if it booted from the network now", serve(a.simulate)},
		{put, "/bmc-logins/{serial}", auth.Admin, "put-bmc-login", "Keep how to log in to the BMC of a machine, known or not", remove(a.putBMCLogin)},

		{post, "/imports", auth.Technician, "import-machines", "Bring a list of machines: a delivery, or machines in use", importMachines},
		{post, "/adoptions", auth.Admin, "adopt-machine", "Take over a machine in use by the report of its own system", adopt},
		{get, "/export", auth.Viewer, "export-machines", "Machines as a list that an import reads", export},
		{get, "/deliveries", auth.Viewer, "list-deliveries", "Deliveries, the newest first", serve(a.deliveries)},
		{get, "/deliveries/{name}", auth.Viewer, "get-delivery", "A delivery: what arrived, what is missing, what nobody expected", serve(a.delivery)},
		{get, "/deliveries/{name}/handoff", auth.Viewer, "hand-off-delivery", "The machines of a delivery as a list to hand over", handOff},
		{post, "/deliveries/{name}/close", auth.Engineer, "close-delivery", "Say that nothing more of a delivery comes", serve(a.closeDelivery)},

		{get, "/issues", auth.Viewer, "list-issues", "What asks for a person, the oldest first", serve(a.issues)},
		{get, "/issues/kinds", auth.Viewer, "list-issue-kinds", "The catalogue of issues", serve(a.issueKinds)},
		{post, "/issues/{subject}/{kind}/take", auth.Technician, "take-issue", "Say: I have this one", serve(a.takeIssue)},
		{post, "/issues/{subject}/{kind}/drop", auth.Technician, "drop-issue", "Give an issue back", serve(a.dropIssue)},

		{get, "/jobs", auth.Viewer, "list-jobs", "Jobs, newest first", serve(a.jobs)},
		{get, "/jobs/{id}", auth.Viewer, "get-job", "One job", serve(a.job)},
		{post, "/jobs", auth.Engineer, "create-job", "Order a job on each machine that a selector picks", orderJobs},
		{post, "/jobs/{id}/cancel", auth.Engineer, "cancel-job", "End a job while its machine's disk is untouched", serve(a.cancel)},

		{get, "/images", auth.Viewer, "list-images", "The catalogue of images, by name", serve(a.images)},
		{get, "/images/{name}", auth.Viewer, "get-image", "One image", serve(a.image)},
		{get, "/subnets", auth.Viewer, "list-subnets", "Subnets, by name", serve(a.subnets)},
		{get, "/subnets/{name}", auth.Viewer, "get-subnet", "One subnet", serve(a.subnet)},
		{put, "/subnets/{name}", auth.Admin, "put-subnet", "Add or replace a subnet", serve(a.putSubnet)},
		{get, "/rules", auth.Viewer, "list-rules", "Acceptance rules, in their order", serve(a.rules)},
		{get, "/rules/{name}", auth.Viewer, "get-rule", "One rule", serve(a.rule)},
		{put, "/rules/{name}", auth.Admin, "put-rule", "Add, replace or move a rule", serve(a.putRule)},
		{del, "/rules/{name}", auth.Admin, "delete-rule", "Remove a rule", remove(a.dropRule)},
		{get, "/dhcp-servers", auth.Viewer, "list-dhcp-servers", "DHCP servers beside the appliance that were heard within the last hour, by network and address", serve(a.dhcpServers)},
		{get, "/leases", auth.Viewer, "list-leases", "DHCP leases, by address", serve(a.leases)},
		{get, "/strangers", auth.Viewer, "list-strangers", "What interfaces that nobody knows did, newest first", serve(a.strangers)},

		{get, "/racks/{name}/elevation", auth.Viewer, "get-elevation", "A rack as it is seen from both sides", planLists[machine.KindRack].named(serve(a.elevation))},
		{get, "/racks/{name}/sheet", auth.Viewer, "get-rack-sheet", "What stands in a rack and where it is cabled, to take there", planLists[machine.KindRack].named(serve(a.sheet))},
		{post, "/gates/{name}/secret", auth.Admin, "create-gate-secret", "Give a gate a new secret to sign with", planLists[machine.KindGate].named(create(a.newGateSecret))},
		{get, "/waits", auth.Viewer, "list-waits", "Machines that wait before gates, the oldest first", serve(a.waits)},
		{post, "/waits/{id}/answer", auth.Nobody, "answer-wait", "Answer what a gate asked", signed(a.answerGate)},
		{get, "/capacity", auth.Viewer, "get-capacity", "Machines by site, hardware type and status, and how many are free", serve(a.capacity)},
		{get, "/enc/{certname}", auth.Viewer, "classify-node", "What Puppet is to know of a node", serve(a.classify)},
		{get, "/inventory", auth.Viewer, "get-inventory", "Hosts by group, for Ansible", serve(a.inventory)},
		{get, "/sd", auth.Viewer, "list-targets", "What Prometheus is to scrape (HTTP service discovery)", serve(a.targets)},

		{get, "/events", auth.Viewer, "stream-events", "The journal as it grows (server-sent events)", streamEvents},
		{get, "/audit", auth.Admin, "list-audit", "What people and programs did, newest first", serve(a.audit)},
		{get, "/backup", auth.Admin, "get-backup", "A backup of the state of now", streamBackup},
		{get, "/restored", auth.Viewer, "get-restored", "What was restored last, and whether safe mode goes on", serve(a.restored)},
		{post, "/restored/end", auth.Admin, "end-safe-mode", "End safe mode after a restore", serve(a.endSafeMode)},
		{get, "/audit/export", auth.Admin, "export-audit", "The audit as a file", exportAudit},
		{get, "/audit/chain", auth.Admin, "verify-audit", "Whether the audit is what was written", serve(a.auditChain)},
		{get, "/health", auth.Viewer, "get-health", "How the parts of the appliance are", serve(a.health)},
		{get, "/me", auth.Viewer, "get-me", "Who asks, and as what", serve(a.me)},
		{put, "/me/password", auth.Viewer, "put-password", "Change your own password", remove(a.setPassword)},
		{get, "/users", auth.Admin, "list-users", "Accounts, by name", serve(a.users)},
		{post, "/users", auth.Admin, "create-user", "Add an account, and get the one-time code that sets its password", create(a.invite)},
		{get, "/users/{name}", auth.Admin, "get-user", "One account", serve(a.user)},
		{put, "/users/{name}/role", auth.Admin, "put-user-role", "Set what an account may do", serve(a.setRole)},
		{put, "/users/{name}/teams", auth.Admin, "put-user-teams", "Set whose machines an account may act on", serve(a.setTeams)},
		{post, "/users/{name}/code", auth.Admin, "create-user-code", "Get a new one-time code that sets an account's password", create(a.newCode)},
		{post, "/users/{name}/disable", auth.Admin, "disable-user", "Shut an account out, at once, with its sessions and tokens", serve(a.disable)},
		{post, "/users/{name}/enable", auth.Admin, "enable-user", "Let an account in again", serve(a.enable)},
		{get, "/tokens", auth.Viewer, "list-tokens", "Your API tokens; those of others for an admin", serve(a.tokens)},
		{post, "/tokens", auth.Viewer, "create-token", "Make an API token", create(a.newToken)},
		{del, "/tokens/{id}", auth.Viewer, "delete-token", "End an API token at once", remove(a.deleteToken)},
		{get, "/openapi.json", auth.Viewer, "get-openapi", "This document (OpenAPI 3.1)", document},
	}, a.planRoutes()...)
}
