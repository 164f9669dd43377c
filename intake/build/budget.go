package main

import (
	"sync"
	"time"
)

// patience is how long a request waits for memory: whoever is refused at once comes back at once.
const patience = time.Second

// budget bounds the memory of all requests under way, and what one token may take of it.
type budget struct {
	lock    sync.Mutex
	total   int64
	used    int64
	byToken map[string]int64
}

func newBudget(total int64) *budget { return &budget{total: total, byToken: map[string]int64{}} }

// share is what one request takes of a budget.
type share struct {
	budget *budget
	token  string
	held   int64
}

func (b *budget) share(token string) *share { return &share{budget: b, token: token} }

// grow takes more, or says that there is none: half of all is for the others, whoever they are.
func (s *share) grow(bytes int64) bool {
	for until := time.Now().Add(patience); !s.take(bytes); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			return false
		}
	}
	return true
}

func (s *share) take(bytes int64) bool {
	b := s.budget
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.used+bytes > b.total || b.byToken[s.token]+bytes > b.total/2 {
		return false
	}
	b.used += bytes
	b.byToken[s.token] += bytes
	s.held += bytes
	return true
}

func (s *share) release() {
	b := s.budget
	b.lock.Lock()
	defer b.lock.Unlock()
	b.used -= s.held
	if b.byToken[s.token] -= s.held; b.byToken[s.token] == 0 {
		delete(b.byToken, s.token)
	}
	s.held = 0
}
