package api

import (
	"maps"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// tags are the groups of operations, in the order in which people read them.
var tags = append([]*huma.Tag{
	{Name: "machines", Description: "Machines of the fleet: what they are, what became of them, and the verbs that they take."},
	{Name: "boot", Description: "What machines boot."},
	{Name: "bmc-logins", Description: "How to log in to the BMCs of machines. What is given is sealed and never shown again."},
	{Name: "imports", Description: "Lists of machines as people bring them: CSV or JSON, with our headings, those of an order or those of netbox."},
	{Name: "adoptions", Description: "Machines that serve already and are taken over as they are."},
	{Name: "export", Description: "Machines as a list."},
	{Name: "deliveries", Description: "Orders of machines that are expected or have come."},
	{Name: "issues", Description: "What asks for a person. Issues are computed: each opens with its cause and closes with it."},
	{Name: "waits", Description: "What machines wait for before gates, and the answers of systems outside."},
	{Name: "jobs", Description: "Durable pieces of work on machines. A job goes on where it stood when the appliance starts again."},
	{Name: "images", Description: "The catalogue of disk images that can be installed."},
	{Name: "subnets", Description: "IP networks that the appliance serves, and what unknown machines get there."},
	{Name: "rules", Description: "Which discovered machines are accepted, and what for."},
	{Name: "leases", Description: "Addresses that DHCP handed out."},
	{Name: "dhcp-servers", Description: "DHCP servers beside the appliance, on the networks that it serves."},
	{Name: "strangers", Description: "Network interfaces that asked for something and belong to no machine."},
	{Name: "capacity", Description: "How many machines are free, where and of which kind."},
	{Name: "enc", Description: "Puppet's external node classifier."},
	{Name: "inventory", Description: "Ansible's dynamic inventory."},
	{Name: "sd", Description: "Prometheus' HTTP service discovery."},
	{Name: "events", Description: "The journal as a stream of server-sent events."},
	{Name: "checks", Description: "What was measured of the hardware."},
	{Name: "certificate-key", Description: "What verifies certificates of erased disks."},
	{Name: "audit", Description: "Who did what, from where, with what was before and after."},
	{Name: "backup", Description: "The state of the appliance, to be restored by firstlight restore into either engine."},
	{Name: "restored", Description: "What was restored, and the safe mode after it."},
	{Name: "health", Description: "How the appliance itself is."},
	{Name: "me", Description: "Who asks."},
	{Name: "users", Description: "Accounts: who may log in, as what, and for which teams."},
	{Name: "tokens", Description: "API tokens, by which programs act for an account."},
	{Name: "openapi", Description: "This document."},
}, planTags()...)

// descriptions say of each operation, by its id, what a summary has no room
// for: which order, what it changes, what it refuses.
var descriptions = sync.OnceValue(func() map[string]string { return with(planDescriptions(), described()) })

func described() map[string]string {
	return map[string]string{
		"list-machines":    "The whole fleet, or what the selector picks, page by page. A list leaves out what the agent saw of the hardware unless facts=true asks for it.",
		"get-machine":      "With what is declared of it, what its agent saw of the hardware, and what was last observed.",
		"patch-machine":    "What the body names changes, all else stays; empty takes away. Technicians set place, cabling and note, engineers the rest of their teams' machines. The plan must have what is named.",
		"change-machines":  "One of set, lock and unlock, in one transaction: all machines change, or none where one is refused, or where the selector picks another number than expected. Whose each machine is decides for each. A dry run says what would become of each.",
		"machine-timeline": "Everything that was seen of the machine: DHCP, files, boot decisions, its agent, its BMC, jobs and people.",
		"machine-history":  "Each change of status with who brought it about, why, and what was proven before it was allowed.",
		"explain-boot":     "Makes the decision that a boot request would get now, on the same facts, and writes nothing. Secrets in the script are left out.",
		"diff-boots":       "Replays the boots of the journal through a proposed change, by the code that answers machines, and writes nothing. Propose one of rule, drop_rule, subnet, options and machines. Rules judge a machine that registered by what it reported; of an interface that nobody knows they know no more than its subnet, UUID and serial number. A change that would serve an installer to a machine in use is refused when it is saved.",
		"simulate-boot":    "The firmware's DISCOVER, the loader's and the script, answered by the code that answers machines. Nothing is sent, and nothing is written or kept. Absent parameters stand for a UEFI machine with x64 that nobody knows.",
		"machine-log":      "What the machine's agent logged last, oldest line first, out of the newest 1,000 rows of its timeline, where rows of `source` log have the lines of a few seconds each.",
		"power-machine":    "Asks the BMC and looks until it shows the new state. Refused while the machine is locked, and where no log-in to its BMC is known. Off and cycle of a machine in use need its name.",
		"light-machine":    "Asks the BMC and looks until it shows the light. It points at a machine and changes nothing of it, so neither a lock nor a job forbids it.",
		"recheck-machine":  "For a machine that is held, or broken while nobody owns it: its hardware and the rules are looked at again, and it becomes available or says why not.",
		"break-machine":    "It is not installed or given away any more; one that is in use goes on booting its own disk. The sentence says who marked it and why. Refused while a job works on it, and where the status has no way there.",
		"repair-machine":   "For a broken machine. What is to become of its data is kept in the record and the history; nothing here touches a disk.",
		"end-repair":       "The machine is registered anew and what its agent saw before is forgotten: the next report decides, as that of a new machine. Its disks stay untouched if they may hold an owner's data.",
		"undo-act":         "A lock, its end, marking as broken or giving into repair can be taken back within ten minutes by whoever did it, or by an engineer, if nothing happened to the machine since. The machine's undo says what that does. A machine that was held or available is checked again.",
		"return-machine":   "For a machine that was in use when it was marked as broken: it is in use again, on the word of whoever asks.",
		"retire-machine":   "An expected machine never arrived. Every other one must have disks that were read and are empty, and never had an owner, or are proven erased since. Its host name, addresses and BMC log-in are given back; the record stays.",
		"adopt-bmc":        "Makes a job that has the machine's agent make a user of ours on its BMC, with a password that nobody sees; the user is taken into use once the appliance logged in with it, and the last one is given up only then. With one of ours already, its password is rotated. It changes no status and keeps no machine from anything. The agent gets the password only where `trust` lets it.",
		"erase-machine": "Takes the machine from whoever has it and makes a job that erases all its disks and reads them back. For one that is in use, that is its release; one that is held, available, registered or broken may be erased, too, and one whose erase failed, again. Each disk is named by serial and size as the machine last reported: one that came since is not erased. " +
			"With every disk proven, the machine is checked like a new one. With one that is not, it is broken and fenced: it boots nothing but the agent and nobody gets it.",
		"unfence-machine":     "On your word, for a disk that was destroyed or taken out. The machine stays broken: check it again, or have it erased.",
		"list-erasures":       "All there ever were, also of a machine that is retired. Each disk that is proven erased has a certificate.",
		"check-machine":       "Makes a job that has the agent test processors, memory, disks, sensors and the way to the appliance; nothing is written to the machine. It is switched into the agent where it is not there. One that is held, available or broken is registered meanwhile; it becomes available if it passes and nothing else is wrong, and is held if it fails. One that is repaired stays so. Refused for a machine that somebody has.",
		"list-checks":         "The newest 20 are kept with what they measured. Each figure is held against the limits of its hardware type and beside parts of the same model in machines of that type.",
		"get-check":           "As list-checks, and the samples that each figure was made of, at even intervals.",
		"get-certificate-key": "Keep it where certificates are verified: an appliance that is gone cannot be asked. It is another one after a restore without keys.",
		"lock-machine":        "Nothing that is automatic touches a locked machine, and power and installs are refused. Locking it again replaces the note.",
		"unlock-machine":      "Takes the lock away. The body may be left out.",
		"thaw-machine":        "For a machine that is frozen because an older database was restored: it boots what its record says again, and jobs may start on it. One that is not frozen stays as it is.",
		"get-backup":          "Holds every table and the CA's certificate, as a state of one moment; everything goes on meanwhile. It holds secrets, if sealed ones: keep it as you keep the appliance.",
		"get-restored":        "Not found where no backup was ever restored.",
		"end-safe-mode":       "From now on a machine that the database does not know is a stranger, and boots what its subnet's policy says. Frozen machines stay frozen, each until it is thawed.",
		"try-rules":           "The machine's last report is held against all rules in their order, as a re-check would; nothing changes. A rule that does not match names the first term that keeps it from it.",
		"waive-machine":       "For a machine that is held because no rule takes it, it is not what its hardware type says, or nobody knows where it stands: it becomes available, its history names what was waived, by whom and why, and a rule that takes it goes on. What protects data or identity cannot be waived.",
		"release-machine":     "For a machine that is held because its disks are not empty: repeat its name to say that what is on them may go.",
		"put-bmc-login":       "Kept for the serial, also before the machine is known; the next log-in proves it. What was kept before is replaced.",

		"import-machines": "Judges each line against the fleet and the plan, and writes the list in one transaction: all of it, or nothing where a line is refused, unless partial asks for the rest. " +
			"Look at written: a list that was refused is answered with 200 and its verdicts. What an agent discovered is never overwritten. " +
			"Headings are recognised as ours, as those of an order list, or as those of netbox. With Accept: application/x-ndjson the answer begins with lines that tell how far it is.",
		"adopt-machine":     "The machine becomes in use, as it is: nothing is installed nor wiped, and it is locked until its first boot is seen. The body is what firstlight-agent report --from-os sends. One that is in use already has its facts renewed.",
		"export-machines":   "Importing it again into the same database changes nothing. The status is told to people and left out when the list is read. It holds no secret.",
		"list-deliveries":   "All of them, with how many machines arrived and how many are missing.",
		"get-delivery":      "With its machines and the one line to hand it over with.",
		"hand-off-delivery": "CSV: serial, name, status, reason, rack, unit and BMC of each machine, and of those that are missing.",
		"close-delivery":    "Machines of it that are still expected become retired: they never arrived. Closing it again changes nothing.",
		"accept-port":       "For a machine that was seen at another switch port than the plan says, where the cable is right and the plan is wrong.",
		"machine-issues":    "All of them: a machine has few.",

		"pass-gate":          "For when the system outside is down, or wrong: the machine goes on, on your word. The reason stands in timeline, history and audit.",
		"ask-gate":           "A new request goes out, with an id and a deadline of its own; answers to the old one are refused from then on.",
		"create-gate-secret": "Needed before the gate can ask. What was signed with the old one is refused from then on. It is kept sealed and never shown again.",
		"list-waits":         "What each waits for, how far its request has come, and until when.",
		answerWait: "For the system that a gate asks. Its request names this address. Headers webhook-id (that of the wait), webhook-timestamp (seconds since 1970, within five minutes) and " +
			"webhook-signature: v1, and the HMAC-SHA256 with the gate's secret of id.timestamp.body in base64 (Standard Webhooks 1.0.0). " +
			"The same answer again is fine. 403: the signature does not fit, or is old. 404: nobody waits for it. 409: it is late, or contradicts the first answer. Needs no log-in.",

		"list-issues":      "All that are open, or those that the query picks. What an issue says has its evidence with it.",
		"list-issue-kinds": "Every kind that there is, with what it means. A kind that nothing gathers evidence for says why, and never opens.",
		"take-issue":       "Others see who has it. Refused when somebody else does, unless over is true. It says who is at it and changes nothing else.",
		"drop-issue":       "For who has it, and for an admin. It stays open as long as its cause does.",

		"list-jobs":  "Jobs of all machines, or of one, in every status or in one.",
		"get-job":    "The job with its steps: which are done, which runs, and until when.",
		"create-job": "The target is a selector that must pick exactly one machine, or as many as expect says; else nothing is ordered. All jobs are made in one transaction, or none where a machine is refused, unless partial asks for the rest.",
		"cancel-job": "Possible until its machine's disk is touched; then it is refused.",

		"list-images":       "What can be installed.",
		"get-image":         "Its size, its checksum and its file.",
		"list-subnets":      "All of them: there are few.",
		"get-subnet":        "As it is configured now.",
		"put-subnet":        "The subnet is as the body says afterwards; what the body leaves out has its default.",
		"list-rules":        "The first rule that matches a machine and has room decides about it; where none matches, the machine is held.",
		"list-leases":       "Leases that are bound and those that ended, of all subnets or of one.",
		"get-rule":          "With its place in the list.",
		"put-rule":          "The rule is as the body says afterwards, at the place that order says; the others move up. Site, rack, role and image must be there. One that is there already is replaced only with If-Match.",
		"delete-rule":       "Machines that it accepted stay as they are. A configuration that still has it does not bring it back.",
		"get-elevation":     "Every unit from the top down with what fills it at the front and at the rear, how far work on it has come and how long it still takes: what a drawing of the rack needs.",
		"get-rack-sheet":    "Each machine once, from the top down, with serial number, interfaces, switch ports and BMC; neighbours that are free are one line. Last come machines whose unit nobody said.",
		"get-capacity":      "One row for each site and hardware type, without machines that are retired.",
		"list-packets":      "As they were on the wire, with what other DHCP servers sent to it and was heard. Kept in memory only, up to 32,768 packets of machines and 4,096 of others.",
		"get-packets":       "Classic pcap of raw IP packets, of both versions; the IP and UDP headers are written anew from the addresses. It holds no secret: DHCP has none.",
		"get-bundle":        "Record, journal, boots with their diagnosis, decisions with what they rested on, DHCP packets, and how subnets, options and rules are set up for it, with a manifest of hashes. It has no passwords, tokens or keys, and no parameters for configuration management. virtualrack replay plays it again. That it was taken is written into the audit.",
		"list-dhcp-servers": "By what they send to everybody, and by the server that a client's REQUEST names. One that should not be there is the issue rogue-dhcp.",
		"list-strangers":    "What they asked for and what they were answered. Kept in memory only: the list begins when the appliance starts.",

		"classify-node": "Classes and environment of its role, parameters of the role and of the machine, and what ServerDb knows. Only for machines that are installing, configuring or in use; any other is refused, so that Puppet compiles nothing.",
		"get-inventory": "Every machine but retired ones, or what the selector picks. firstlight inventory spells it as Ansible reads it.",
		"list-targets":  "Every machine that has an address, as Prometheus' http_sd_configs reads it. Relabel by the labels that begin with __meta_firstlight_.",

		"stream-events": "Events: journal (a row of a timeline, with an id), machine (a record changed), missed (read the lists again). " +
			"Send the last id as Last-Event-ID to go on after it. The stream ends when the log-in does.",
		"list-audit": "Every verb that changes something is written here before it is carried out. Each row's hash covers the hash of the row before it, so that no row can be changed or taken out unseen.",
		"export-audit": "The oldest row first, with the same filters as the list; that it was asked for is written into the audit. " +
			"In csv, a cell that a spreadsheet would take for a formula begins with an apostrophe. A connection that breaks off left rows out.",
		"verify-audit": "Walks the chain from its begin: each row's hash is SHA-256 over the hash before it and the row's fields. " +
			"With a head that was kept elsewhere it also shows an end that was cut off and a chain that was written anew.",
		"get-health":   "The state is that of the worst part.",
		"get-me":       "The account, its role, and the token that was sent.",
		"put-password": "Asks for the old one, and ends every session of yours: log in with the new one. A token cannot.",

		"list-users":       "Those that are shut out, too. Passwords are never shown, not even as hashes.",
		"create-user":      "The account is there at once and can log in once the code was used; the code is good for a day. A token cannot add accounts.",
		"get-user":         "Its role, its teams, and how it is.",
		"put-user-role":    "Holds for its sessions and tokens from the next request on. The last admin stays one.",
		"put-user-teams":   "Replaces the teams. A team exists as soon as an account is in it; a machine's owner is a team. Holds from the next request on.",
		"create-user-code": "For somebody who forgot the password, or did not use the first code in time. The code before it stops working. A token cannot.",
		"disable-user":     "Its sessions end, and its password, codes and tokens open nothing any more. Jobs that it started go on. The last admin cannot be shut out.",
		"enable-user":      "Its password and its tokens are good again; its sessions are not.",

		"list-tokens":  "Never their text, which is shown once, when a token is made.",
		"create-token": "It acts for your account with the role that you choose, up to your own, and for those of your teams that you name, or for all. A token cannot make tokens.",
		"delete-token": "Requests with it fail from now on, and its streams end.",
		"get-openapi":  "OpenAPI 3.1, generated from the code that answers. " + readable,
	}
}

// with adds descriptions to others.
func with(all, more map[string]string) map[string]string {
	maps.Copy(all, more)
	return all
}

// readable leads from the document to the page that people read.
const readable = "People read all of it on one page, at `/api`."
