package store

import (
	"context"
	"database/sql"
	"sync"
)

// maxStanding bounds the statements that stay prepared; those that every commit
// has are some twenty.
const maxStanding = 128

// standing are statements of the writer's connection that stay prepared from one
// transaction to the next: small commits would read the same texts again and
// again. nil has none.
type standing struct {
	spell  func(string) string
	mu     sync.Mutex
	byText map[string]*sql.Stmt // nil: it came once
}

// in gives a statement for a transaction, nil where it is not prepared.
func (s *standing) in(t *Tx, text string) *sql.Stmt {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if prepared := s.byText[text]; prepared != nil {
		return t.tx.StmtContext(t.ctx, prepared) // prepares anew on another connection
	}
	return nil
}

// keep prepares texts that came before, in another transaction or in the same.
// None may be open in this goroutine: there is one connection. A text that cannot
// be prepared is read each time.
func (s *standing) keep(ctx context.Context, db *sql.DB, texts []string) {
	for _, text := range s.missing(texts) {
		prepared, err := db.PrepareContext(ctx, s.spell(text))
		if err != nil {
			return
		}
		s.add(text, prepared)
	}
}

// missing gives the texts that are to be prepared.
func (s *standing) missing(texts []string) (all []string) {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range texts {
		if _, again := s.byText[text]; again && s.byText[text] == nil {
			all = append(all, text)
		} else if !again && len(s.byText) < maxStanding {
			s.byText[text] = nil
		}
	}
	return all
}

func (s *standing) add(text string, prepared *sql.Stmt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byText[text] != nil { // by another goroutine, meanwhile
		_ = prepared.Close()
		return
	}
	s.byText[text] = prepared
}
