package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// gate is a collector that answers when it is told to, and keeps what it was sent.
type gate struct {
	lock   sync.Mutex
	bodies []string
	open   chan struct{}
	says   func(body string) int
}

func (g *gate) send(ctx context.Context, parts [][]byte) answer {
	body, _ := together(parts)
	all, _ := io.ReadAll(body())
	g.lock.Lock()
	g.bodies = append(g.bodies, string(all))
	g.lock.Unlock()
	select {
	case <-g.open:
		return answer{status: g.says(string(all))}
	case <-ctx.Done():
		return answer{err: ctx.Err()}
	}
}

func (g *gate) seen() []string {
	g.lock.Lock()
	defer g.lock.Unlock()
	return slices.Clone(g.bodies)
}

func until(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it has not come to that")
		}
	}
}

// begin sends bodies, of which all but the first two have to wait.
func begin(t *testing.T, j *joiner, contexts map[string]context.Context, bodies ...string) map[string]chan answer {
	answers := map[string]chan answer{}
	for place, body := range bodies {
		ctx, answered := contexts[body], make(chan answer, 1)
		if ctx == nil {
			ctx = t.Context()
		}
		answers[body] = answered
		go func() { answered <- j.do(ctx, []byte(body)) }()
		until(t, func() bool {
			j.lock.Lock()
			defer j.lock.Unlock()
			return j.underWay+len(j.waiting) == place+1
		})
	}
	return answers
}

func TestWhatWaitsIsSentTogether(t *testing.T) {
	to := &gate{open: make(chan struct{}), says: func(string) int { return 200 }}
	answers := begin(t, &joiner{send: to.send}, nil, "a", "b", "c", "d", "e")
	until(t, func() bool { return len(to.seen()) == 2 })
	close(to.open)
	for body, answered := range answers {
		if said := <-answered; said.status != 200 || said.err != nil {
			t.Errorf("%s was answered %v", body, said)
		}
	}
	if seen := to.seen(); !slices.Contains(seen, "a") || !slices.Contains(seen, "b") || len(seen) > 4 || !bytes.Contains([]byte(seen[2]), []byte("c")) {
		t.Errorf("%q was sent", seen)
	}
}

func TestARefusalIsOfWhoseFaultItIs(t *testing.T) {
	to := &gate{open: make(chan struct{}), says: func(body string) int {
		if bytes.Contains([]byte(body), []byte("bad")) {
			return http.StatusBadRequest
		}
		return 200
	}}
	answers := begin(t, &joiner{send: to.send}, nil, "a", "b", "c", "bad", "e")
	close(to.open)
	for body, answered := range answers {
		expected := map[bool]int{true: http.StatusBadRequest, false: 200}[body == "bad"]
		if said := <-answered; said.status != expected {
			t.Errorf("%s was answered %v", body, said)
		}
	}
}

func TestWhoHasGoneIsNotWaitedFor(t *testing.T) {
	to := &gate{open: make(chan struct{}), says: func(string) int { return 200 }}
	gone, leave := context.WithCancel(t.Context())
	j := &joiner{send: to.send}
	answers := begin(t, j, map[string]context.Context{"a": gone, "c": gone}, "a", "b", "c", "d")
	leave()
	for _, body := range []string{"a", "c"} {
		if said := <-answers[body]; !errors.Is(said.err, context.Canceled) {
			t.Errorf("%s was answered %v", body, said)
		}
	}
	close(to.open)
	for _, body := range []string{"b", "d"} {
		if said := <-answers[body]; said.status != 200 {
			t.Errorf("%s was answered %v", body, said)
		}
	}
	if slices.Contains(to.seen(), "c") {
		t.Errorf("%q was sent", to.seen())
	}
	until(t, func() bool { j.lock.Lock(); defer j.lock.Unlock(); return j.underWay == 0 })
}

func TestNoMoreThanABoundGoesTogether(t *testing.T) {
	to := &gate{open: make(chan struct{}), says: func(string) int { return 200 }}
	large := string(bytes.Repeat([]byte("x"), joinedBytes))
	answers := begin(t, &joiner{send: to.send}, nil, "a", "b", "c", large, "e")
	close(to.open)
	for _, answered := range answers {
		<-answered
	}
	for _, body := range to.seen() {
		if len(body) > joinedBytes {
			t.Errorf("%d bytes were sent together", len(body))
		}
	}
}
