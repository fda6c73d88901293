package auth

// Act is what kind of thing somebody does to a machine.
type Act int

const (
	// Change is everything that changes what a machine is or does: an engineer's
	// work.
	Change Act = iota
	// Handle is what whoever stands at the rack does: power on, re-check.
	Handle
	// Cut takes the power away: power off, power cycle.
	Cut
	// Point changes nothing of the machine: its light.
	Point
)

// May decides whether the user may do an act to a machine whose owner is a team
// ("": nobody's), and that is in use or not. Pages ask it which buttons to show;
// the desk refuses by it.
//
// Engineers act on machines of their teams and on those that nobody owns.
// Technicians handle these too, and any machine that is not in use, but do not
// cut the power of one in use that is not their team's. Both may point at every
// machine. Admins act on every machine; foreign tells where it is another
// team's.
func (u User) May(a Act, owner string, inUse bool) (ok, foreign bool) {
	ours, unowned := u.InTeam(owner), owner == ""
	switch {
	case u.Role.Allows(Admin):
		return true, !ours && !unowned
	case u.Role.Allows(Technician) && a == Point:
		return true, false
	case u.Role.Allows(Engineer):
		return ours || unowned, false
	case u.Role.Allows(Technician) && a != Change:
		return ours || !inUse || unowned && a == Handle, false
	}
	return false, false
}
