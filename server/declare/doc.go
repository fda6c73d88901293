// Package declare is what people may say of machines, of the plan and of rules,
// field by field, as they write it: role=db, tags=+loaner, memory=64GB.
//
// It promises that a form, a command line and a program have the same fields,
// the same spelling and the same complaints: each field reads the text that it
// writes. It decides nothing of who may say it, and holds nothing against the
// plan.
//
// It is words: it knows package machine alone, and every layer may import it.
package declare
