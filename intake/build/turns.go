package main

import (
	"context"
	"sync"
	"time"
)

// turns share the processors' time between tokens. Whoever sends requests that are heavy to unpack or to store sends one at a
// time while others send as well, and waits after each as long as it took, once for every other. Alone, nobody waits.
type turns struct {
	lock  sync.Mutex
	seen  map[string]time.Time
	heavy map[string]*turn
}

type turn struct {
	taken chan struct{}
	until time.Time
}

const (
	// What is heavy: in memory, several times a usual request of 500 spans; unpacked, twice one.
	heavyBytes    = 4 << 20
	heavyUnpacked = 1 << 20
	// present is how long somebody counts as one of those who send.
	present = 2 * time.Second
)

func newTurns() *turns { return &turns{seen: map[string]time.Time{}, heavy: map[string]*turn{}} }

// place is a request's place among those of its token.
type place struct {
	turns *turns
	token string
	// done ends a turn that was taken.
	done func()
}

func (t *turns) place(token string) *place { return &place{turns: t, token: token} }

// take waits for the token's turn, if others send and it has not been taken yet.
func (p *place) take(ctx context.Context) error {
	others, own := p.turns.look(p.token)
	if p.done != nil || others == 0 {
		return nil
	}
	select {
	case own.taken <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	pause := time.NewTimer(time.Until(own.until))
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
		<-own.taken
		return ctx.Err()
	}
	began := time.Now()
	p.done = func() {
		now := time.Now()
		own.until = now.Add(now.Sub(began) * time.Duration(others))
		<-own.taken
	}
	return nil
}

// end may be called again.
func (p *place) end() {
	if p.done != nil {
		p.done()
		p.done = nil
	}
}

func (t *turns) look(token string) (others int, own *turn) {
	t.lock.Lock()
	defer t.lock.Unlock()
	now := time.Now()
	t.seen[token] = now
	for name, at := range t.seen {
		if now.Sub(at) > present {
			delete(t.seen, name)
		} else if name != token {
			others++
		}
	}
	if own = t.heavy[token]; own == nil {
		own = &turn{taken: make(chan struct{}, 1)}
		t.heavy[token] = own
	}
	return others, own
}
