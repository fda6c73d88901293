package web

import (
	"net/http"

	"firstlight/server/auth"
)

// handler answers a request or says why it cannot.
type handler func(http.ResponseWriter, *http.Request) error

// route is one address with the role that it asks for.
type route struct {
	method, path string
	role         auth.Role
	serve        handler
}

// routes is every address of the site but those of the API and what is
// mounted. Those for auth.Nobody are open to everybody who can connect.
func (s *Site) routes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return append([]route{
		{get, "/static/:file", auth.Nobody, s.asset},
		{get, "/login", auth.Nobody, s.showLogin},
		{post, "/login", auth.Nobody, s.login},
		{post, "/login/code", auth.Nobody, s.redeem},
		{post, "/logout", auth.Viewer, s.logout},

		{get, "/", auth.Viewer, s.page(s.racks)},
		{get, "/needs", auth.Viewer, s.page(s.needsYou)},
		{post, "/issues/:subject/:kind/take", auth.Technician, s.take},
		{post, "/issues/:subject/:kind/drop", auth.Technician, s.letGo},
		{get, "/racks/:name", auth.Viewer, s.page(s.rack)},
		{get, "/racks/:name/sheet", auth.Viewer, s.page(s.sheet)},
		{get, "/deliveries", auth.Viewer, s.page(s.deliveries)},
		{post, "/deliveries", auth.Technician, s.writeList},
		{post, "/deliveries/check", auth.Technician, s.checkList},
		{get, "/deliveries/:name", auth.Viewer, s.page(s.delivery)},
		{get, "/deliveries/:name/close", auth.Engineer, s.page(s.askClose)},
		{post, "/deliveries/:name/close", auth.Engineer, s.closeDelivery},
		{get, "/machines", auth.Viewer, s.page(s.machines)},
		{get, "/change", auth.Technician, s.page(s.askBulk)},
		{post, "/change", auth.Technician, s.bulk},
		{get, "/machines/:name", auth.Viewer, s.page(s.machine)},
		{get, "/jobs", auth.Viewer, s.page(s.jobs)},
		{get, "/jobs/:id", auth.Viewer, s.page(s.job)},
		{get, "/images", auth.Viewer, s.page(s.images)},
		{get, "/network", auth.Viewer, s.page(s.network)},
		{get, "/packets/:ref", auth.Viewer, s.page(s.packets)},
		{get, "/rules", auth.Viewer, s.page(s.rules)},
		{get, "/health", auth.Viewer, s.page(s.health)},
		{get, "/api", auth.Viewer, s.page(s.api)},
		{get, "/account", auth.Viewer, s.page(s.account)},
		{get, "/people", auth.Admin, s.page(s.people)},
		{get, "/audit", auth.Admin, s.page(s.audit)},

		{get, "/selectors", auth.Viewer, s.page(s.selectors)},
		{get, "/machines/:name/edit", auth.Technician, s.page(s.editMachine)},
		{post, "/machines/:name/edit", auth.Technician, s.changeMachine},
		{post, "/network", auth.Admin, s.subnetForms().add},
		{get, "/network/:name/edit", auth.Admin, s.page(s.subnetForms().edit)},
		{post, "/network/:name/edit", auth.Admin, s.subnetForms().change},
		{post, "/rules", auth.Admin, s.ruleForms().add},
		{get, "/rules/:name/edit", auth.Admin, s.page(s.ruleForms().edit)},
		{post, "/rules/:name/edit", auth.Admin, s.ruleForms().change},
		{post, "/rules/:name/move", auth.Admin, s.moveRule},
		{get, "/rules/:name/delete", auth.Admin, s.page(s.askDropRule)},
		{post, "/rules/:name/delete", auth.Admin, s.dropRule},
		{post, "/machines/:name/recheck", auth.Technician, s.recheck},
		{get, "/machines/:name/pass-gate", auth.Engineer, s.page(s.askPass)},
		{post, "/machines/:name/pass-gate", auth.Engineer, s.passGate},
		{post, "/machines/:name/ask-gate", auth.Technician, s.askGate},
		{post, "/machines/:name/accept-port", auth.Technician, s.acceptPort},
		{get, "/machines/:name/power", auth.Technician, s.page(s.askPower)},
		{post, "/machines/:name/power", auth.Technician, s.power},
		{post, "/machines/:name/light", auth.Technician, s.light},
		{get, "/machines/:name/broken", auth.Technician, s.page(s.askBroken)},
		{post, "/machines/:name/broken", auth.Technician, s.broken},
		{get, "/machines/:name/repair", auth.Technician, s.page(s.askRepair)},
		{post, "/machines/:name/repair", auth.Technician, s.repair},
		{get, "/machines/:name/repaired", auth.Technician, s.page(s.askRepaired)},
		{post, "/machines/:name/repaired", auth.Technician, s.repaired},
		{post, "/machines/:name/undo", auth.Technician, s.undo},
		{get, "/machines/:name/return", auth.Engineer, s.page(s.askReturn)},
		{post, "/machines/:name/return", auth.Engineer, s.giveBack},
		{get, "/machines/:name/retire", auth.Admin, s.page(s.askRetire)},
		{post, "/machines/:name/retire", auth.Admin, s.retire},
		{get, "/machines/:name/erase", auth.Engineer, s.page(s.askErase)},
		{post, "/machines/:name/erase", auth.Engineer, s.erase},
		{get, "/machines/:name/unfence", auth.Engineer, s.page(s.askUnfence)},
		{post, "/machines/:name/unfence", auth.Engineer, s.unfence},
		{get, "/machines/:name/check", auth.Technician, s.page(s.askCheck)},
		{post, "/machines/:name/check", auth.Technician, s.check},
		{get, "/machines/:name/certificates", auth.Viewer, s.page(s.papers)},
		{get, "/machines/:name/install", auth.Engineer, s.page(s.askInstall)},
		{post, "/machines/:name/install", auth.Engineer, s.install},
		{get, "/machines/:name/waive", auth.Admin, s.page(s.askWaive)},
		{post, "/machines/:name/waive", auth.Admin, s.waive},
		{get, "/machines/:name/release", auth.Engineer, s.page(s.askRelease)},
		{post, "/machines/:name/release", auth.Engineer, s.release},
		{get, "/machines/:name/lock", auth.Engineer, s.page(s.askLock)},
		{post, "/machines/:name/lock", auth.Engineer, s.lock},
		{post, "/machines/:name/unlock", auth.Engineer, s.unlock},
		{get, "/machines/:name/thaw", auth.Engineer, s.page(s.askThaw)},
		{post, "/machines/:name/thaw", auth.Engineer, s.thaw},
		{get, "/machines/:name/bmc", auth.Admin, s.page(s.askBMC)},
		{post, "/machines/:name/bmc", auth.Admin, s.setBMC},
		{get, "/machines/:name/adopt-bmc", auth.Admin, s.page(s.askAdoptBMC)},
		{post, "/machines/:name/adopt-bmc", auth.Admin, s.adoptBMC},
		{get, "/jobs/:id/cancel", auth.Engineer, s.page(s.askCancel)},
		{post, "/jobs/:id/cancel", auth.Engineer, s.cancel},

		{post, "/account/password", auth.Viewer, s.changePassword},
		{post, "/account/tokens", auth.Viewer, s.newToken},
		{get, "/account/tokens/:id/revoke", auth.Viewer, s.page(s.askRevoke)},
		{post, "/account/tokens/:id/revoke", auth.Viewer, s.revokeToken},
		{post, "/people", auth.Admin, s.invite},
		{post, "/people/:name/role", auth.Admin, s.setRole},
		{post, "/people/:name/teams", auth.Admin, s.setTeams},
		{post, "/people/:name/code", auth.Admin, s.newCode},
		{get, "/people/:name/disabled", auth.Admin, s.page(s.askShutOut)},
		{post, "/people/:name/disabled", auth.Admin, s.setDisabled},
	}, s.planRoutes()...)
}
