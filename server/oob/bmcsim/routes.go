package bmcsim

import (
	"net/http"
	"strings"
)

const (
	rootPath     = "/redfish/v1"
	sessionsPath = rootPath + "/SessionService/Sessions"
	tasksPath    = rootPath + "/TaskService/Tasks"
	monitorsPath = rootPath + "/TaskService/TaskMonitors"
)

// route is one resource and what it lets be done.
type route struct {
	path        string
	open        bool // all of it without a log-in
	logsIn      bool // POST is the log-in itself
	get         func() object
	pending     func() bool // get answers 202 while true
	post, patch func(object) answer
	remove      func() answer
}

// table is every fixed resource of this BMC, in the order of the tree.
func (b *BMC) table() []route {
	p := b.opts.Profile
	sys, bmc := rootPath+"/Systems/"+p.SystemID, rootPath+"/Managers/"+p.ManagerID
	all := []route{
		{path: "/redfish", open: true, get: func() object { return object{"v1": rootPath + "/"} }},
		{path: rootPath, open: true, get: b.serviceRoot},
		{path: rootPath + "/Systems", get: func() object { return collection("ComputerSystem", sys) }},
		{path: sys, get: b.system, patch: b.patchSystem},
		{path: sys + "/Actions/ComputerSystem.Reset", post: b.reset},
		{path: sys + "/Bios", get: b.bios},
		{path: sys + "/EthernetInterfaces", get: b.ethernetCollection},
		{path: rootPath + "/Chassis", get: func() object { return collection("Chassis", rootPath+"/Chassis/1") }},
		{path: rootPath + "/Chassis/1", get: b.chassis, patch: b.patchChassis},
		{path: rootPath + "/Managers", get: func() object { return collection("Manager", bmc) }},
		{path: bmc, get: b.manager},
		{path: rootPath + "/SessionService", get: b.sessionService},
		{path: sessionsPath, logsIn: true, get: b.sessionCollection, post: b.openSession},
		{path: rootPath + "/TaskService", get: b.taskService},
		{path: tasksPath, get: b.taskCollection},
	}
	for i := range b.opts.MACs {
		all = append(all, route{path: b.ethernetPath(i), get: func() object { return b.ethernet(i) }})
	}
	if p.ActionInfo {
		all = append(all, route{path: sys + "/ResetActionInfo", get: b.resetActionInfo})
	}
	if p.BootInSettings {
		all = append(all, route{path: sys + "/Settings", get: b.settings, patch: b.patchBoot})
	}
	return all
}

// find returns the resource at a path and the methods that it allows. A slash at
// the end means nothing (DSP0266 section 6.3 lets a service choose).
func (b *BMC) find(path string) (route, string) {
	path = strings.TrimSuffix(path, "/")
	var at route
	for _, r := range b.routes {
		if r.path == path {
			at = r
		}
	}
	if id, isOne := strings.CutPrefix(path, sessionsPath+"/"); isOne {
		at = b.sessionRoute(path, id)
	}
	if id, isOne := strings.CutPrefix(path, tasksPath+"/"); isOne {
		at = b.taskRoute(path, id)
	}
	if id, isOne := strings.CutPrefix(path, monitorsPath+"/"); isOne {
		at = b.monitorRoute(path, id)
	}
	return at, at.methods()
}

func (r route) methods() string {
	var all []string
	if r.get != nil {
		all = append(all, http.MethodGet, http.MethodHead)
	}
	if r.post != nil {
		all = append(all, http.MethodPost)
	}
	if r.patch != nil {
		all = append(all, http.MethodPatch)
	}
	if r.remove != nil {
		all = append(all, http.MethodDelete)
	}
	return strings.Join(all, ", ")
}

// onlyProperties refuses what the resource does not know.
func onlyProperties(asked object, known ...string) (answer, bool) {
next:
	for name := range asked {
		for _, k := range known {
			if name == k {
				continue next
			}
		}
		return refuse(http.StatusBadRequest, "PropertyUnknown", "The property %s is not in the list of valid properties for the resource.", name), true
	}
	return answer{}, false
}
