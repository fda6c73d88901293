package machine

import "time"

// History is one change of a machine's status.
type History struct {
	ID       int64     `json:"id"`
	Machine  string    `json:"machine"`
	Name     string    `json:"name"`
	At       time.Time `json:"at"`
	From     Status    `json:"from"`
	To       Status    `json:"to"`
	Who      string    `json:"who"`
	Why      string    `json:"why"`
	Sentence string    `json:"sentence"`
	Job      string    `json:"job"`
	Guards   []string  `json:"guards"`
}
