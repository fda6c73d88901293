package machine

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// comparison reads a field, and what it is compared with.
func (p *parser) comparison() (Node, error) {
	at, column := p.pos, p.column()
	for !p.end() && isWord(p.peek()) {
		p.pos++
	}
	name := strings.ToLower(p.text[at:p.pos])
	if name == "" {
		return nil, p.fail("want a field such as status, found %q", p.rest())
	}
	f := fieldByName[name]
	if f == nil {
		p.pos = at
		return nil, p.fail("no field %q%s", name, suggest(name))
	}
	at = p.pos
	op := p.operator()
	if op == "" {
		p.blank()
		return Present{f, column}, nil
	}
	if op != "=" && op != "!=" && !f.Ordered() {
		p.pos = at
		return nil, p.fail("%s has no order: compare it with =, and * for any characters", f.Name)
	}
	any, err := p.operands(f, op)
	if err != nil {
		return nil, err
	}
	if op == "!=" {
		return Not{Compare{f, "=", any, column}}, nil
	}
	return Compare{f, op, any, column}, nil
}

func (p *parser) column() int { return utf8.RuneCountInString(p.text[:p.pos]) + 1 }

func (p *parser) operator() string {
	for _, op := range []string{"!=", ">=", "<=", "=", ">", "<"} {
		if strings.HasPrefix(p.text[p.pos:], op) {
			p.pos += len(op)
			return op
		}
	}
	return ""
}

// operands reads a value: alternatives where it is a set.
func (p *parser) operands(f *Field, op string) ([]Operand, error) {
	at := p.pos
	value, err := p.value()
	if err != nil {
		return nil, err
	}
	texts := []string{value}
	if op == "=" || op == "!=" {
		texts = strings.Split(value, ",")
	}
	var all []Operand
	for _, text := range texts {
		o, why := f.operand(strings.ToLower(text), op)
		if why != "" {
			p.pos = at
			return nil, p.fail("%s", why)
		}
		all = append(all, o)
	}
	p.blank()
	return all, nil
}

func (p *parser) value() (string, error) {
	at := p.pos
	if !p.end() && (p.peek() == '"' || p.peek() == '\'') {
		return p.quoted()
	}
	for !p.end() && !isBlank(p.peek()) && p.peek() != ')' {
		p.pos++
	}
	if p.pos == at {
		return "", p.fail("a value is missing; ask for the absence of a field with !field")
	}
	return p.text[at:p.pos], nil
}

func (p *parser) quoted() (string, error) {
	at, quote := p.pos, p.text[p.pos]
	closing := strings.IndexByte(p.text[p.pos+1:], quote)
	if closing < 0 {
		return "", p.fail("the closing quote is missing")
	}
	p.pos += closing + 2
	return p.text[at+1 : p.pos-1], nil
}

// operand reads one value of a field, or says why it is none.
func (f *Field) operand(text, op string) (o Operand, why string) {
	equal := op == "=" || op == "!="
	if low, high, ok := strings.Cut(text, ".."); ok && equal && f.Ordered() {
		o = Operand{Text: text, Range: true, Low: Bound{Text: low}, High: Bound{Text: high}}
		if f.Kind == NumberField {
			return o, f.numbers(&o.Low, &o.High)
		}
		return o, ""
	}
	o = Operand{Text: f.spell(text), Pattern: equal && strings.ContainsAny(text, "*?")}
	switch {
	case f.Kind == NumberField:
		b := Bound{Text: text}
		why = f.numbers(&b)
		o.Number, o.Pattern = b.Number, false
	case f.Kind == FlagField && text != "true" && text != "false":
		why = f.Name + " is true or false, not " + clip(text)
	case f.words != nil && !o.Pattern && !slices.Contains(f.words, o.Text):
		why = "no " + f.Name + " " + clip(text) + f.nearestWord(o.Text)
	}
	return o, why
}

// numbers reads the bounds of a field of numbers.
func (f *Field) numbers(all ...*Bound) (why string) {
	for _, b := range all {
		n, err := number(b.Text)
		if err != nil {
			return f.Name + " is a number, such as 32 or 64GiB, not " + clip(b.Text)
		}
		b.Number = n
	}
	return ""
}

// spell gives the one spelling of a value that has several.
func (f *Field) spell(text string) string {
	switch f.Name {
	case "status":
		return strings.ReplaceAll(text, " ", "_")
	case "mac":
		if m, ok := spelled(text); ok {
			return m.String()
		}
	}
	return text
}

func (f *Field) nearestWord(text string) string {
	best, distance := Nearest(text, f.words)
	if distance > 3 {
		return "; want " + strings.Join(f.words, ", ")
	}
	return "; did you mean " + best + "?"
}
