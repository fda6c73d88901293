package machine

import "fmt"

// MissingError is ErrNotFound with what there is not. Kind is the word of the
// command line, such as "machine"; Near is a name that may have been meant.
type MissingError struct{ Kind, Name, Near string }

// Missing says that there is nothing of a kind and name; names are those that there
// are, where they are few.
func Missing(kind, name string, names ...string) error {
	e := &MissingError{Kind: kind, Name: name}
	if near, distance := Nearest(name, names); distance <= 2 {
		e.Near = near
	}
	return e
}

func (e *MissingError) Error() string {
	if e.Near != "" {
		return e.What()
	}
	return fmt.Sprintf("%s: firstlight %s ls lists those that there are", e.What(), e.Kind)
}

// What is the error without how to list the others, which the API says otherwise.
func (e *MissingError) What() string {
	text := fmt.Sprintf("%s %.64q: not found", e.Kind, e.Name)
	if e.Near != "" {
		text += "; did you mean " + e.Near + "?"
	}
	return text
}

// Is tells that it is ErrNotFound.
func (*MissingError) Is(target error) bool { return target == ErrNotFound }
