package machine

import (
	"slices"
	"strings"
	"unicode"
)

// Search holds where each of its words begins one of the machine's terms.
type Search struct{ Words []string }

func (n Search) match(s subject) bool {
	m, ok := s.(interface{ terms() []string })
	if !ok {
		return false
	}
	terms := m.terms()
	return !slices.ContainsFunc(n.Words, func(word string) bool {
		return !slices.ContainsFunc(terms, func(t string) bool { return strings.HasPrefix(t, word) })
	})
}

// search reads a quoted text that stands alone.
func (p *parser) search() (Node, error) {
	text, err := p.quoted()
	if err != nil {
		return nil, err
	}
	words := splitTerms(text)
	if len(words) == 0 {
		return nil, p.fail("a word to search for is missing between the quotes")
	}
	p.blank()
	return Search{words}, nil
}

// ParseSearch reads what a person typed into a search box: a selector, or plain
// words to search for.
func ParseSearch(text string) (Selector, error) {
	s, err := ParseSelector(text)
	if err == nil || strings.ContainsAny(text, `=<>!()"'`) {
		return s, err
	}
	if words := splitTerms(text); len(words) > 0 && len(text) <= maxSelector && unreadable(text) < 0 {
		return Selector{text: text, root: Search{words}}, nil
	}
	return s, err
}

// Terms are the words by which a search finds the machine through its record:
// serial, name, host name, MACs (with and without separators), model, place,
// tags and note; lower case, each once.
func (m *Machine) Terms() []string {
	texts := []string{m.Name, m.Serial, m.Hostname, m.Vendor, m.Product, m.Type, m.Rack, m.Delivery, m.BMC.Address, m.Note, strings.Join(m.Tags, " ")}
	all := []string{strings.ToLower(m.UUID)}
	for _, mac := range append(macs(m), m.BMC.MAC.String()) {
		all = append(all, mac, strings.ReplaceAll(mac, ":", ""))
	}
	all = append(all, addresses(m)...)
	for _, t := range texts {
		all = append(all, splitTerms(t)...)
	}
	return distinct(all)
}

// Terms are the words by which a search finds a machine through its hardware:
// the serials of its disks, board and chassis.
func (f *Facts) Terms() []string {
	var all []string
	for _, d := range f.Disks {
		all = append(all, splitTerms(d.Serial)...)
	}
	return distinct(append(all, splitTerms(f.BoardSN+" "+f.ChassisSN)...))
}

func (m *Machine) terms() []string {
	if m.Facts == nil {
		return m.Terms()
	}
	return append(m.Terms(), m.Facts.Terms()...)
}

func distinct(all []string) []string {
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) > 0 && all[0] == "" {
		all = all[1:]
	}
	return all
}

// splitTerms cuts a text at blanks, commas and semicolons.
func splitTerms(text string) []string {
	return strings.FieldsFunc(strings.ToLower(strings.ToValidUTF8(text, "")), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == ',' || r == ';'
	})
}
