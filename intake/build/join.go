package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
)

// What the collector does for each request, a transaction on disk first of all, costs as much as the spans in it. Requests for
// traces of which guards leave everything as it is are sent together, where others are under way already: as a database commits
// transactions in groups. Nobody waits for others to come, and each sender gets the answer that it would have got alone.
const (
	// joinedAtOnce is how many requests are under way without the next ones waiting for each other.
	joinedAtOnce = 2
	// joinedBytes bounds what is sent together: several usual requests of 500 spans.
	joinedBytes = 2 << 20
)

// answer is what the collector says to a request.
type answer struct {
	status int
	header http.Header
	body   []byte
	err    error
}

// member is a request that may be sent with others.
type member struct {
	body []byte
	done chan answer
	of   *group
}

// group is what is sent together. It is given up when nobody waits for its answer any more.
type group struct {
	members []*member
	waiting int
	cancel  context.CancelFunc
}

type joiner struct {
	// send sends the parts of one body.
	send     func(ctx context.Context, parts [][]byte) answer
	lock     sync.Mutex
	waiting  []*member
	underWay int
}

// do sends a body, alone or with others.
func (j *joiner) do(ctx context.Context, body []byte) answer {
	one := &member{body: body, done: make(chan answer, 1)}
	j.lock.Lock()
	j.waiting = append(j.waiting, one)
	if j.underWay < joinedAtOnce {
		j.underWay++
		go j.run()
	}
	j.lock.Unlock()
	select {
	case said := <-one.done:
		if said.isOfAll() || len(one.of.members) == 1 {
			return said
		}
		// Whose fault it is shows when each is sent alone.
		return j.send(ctx, [][]byte{body})
	case <-ctx.Done():
		j.leave(one)
		return answer{err: ctx.Err()}
	}
}

// isOfAll says whether an answer holds for every one of a group: that it is stored, or has to come again later.
func (a answer) isOfAll() bool {
	switch a.status {
	case http.StatusOK, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return a.err != nil
}

// run sends groups until nobody waits.
func (j *joiner) run() {
	for {
		ctx, cancel := context.WithCancel(context.Background())
		next := j.next(cancel)
		if next == nil {
			cancel()
			return
		}
		parts := make([][]byte, len(next.members))
		for place, each := range next.members {
			parts[place] = each.body
		}
		said := j.send(ctx, parts)
		cancel()
		for _, each := range next.members {
			each.done <- said
		}
	}
}

// next takes those that wait, the first ones first.
func (j *joiner) next(cancel context.CancelFunc) *group {
	j.lock.Lock()
	defer j.lock.Unlock()
	if len(j.waiting) == 0 {
		j.underWay--
		return nil
	}
	count, size := 0, 0
	for count < len(j.waiting) && (count == 0 || size+len(j.waiting[count].body) <= joinedBytes) {
		size += len(j.waiting[count].body)
		count++
	}
	next := &group{members: append([]*member(nil), j.waiting[:count]...), waiting: count, cancel: cancel}
	for _, each := range next.members {
		each.of = next
	}
	j.waiting = append([]*member(nil), j.waiting[count:]...)
	return next
}

// leave is for a sender who has gone.
func (j *joiner) leave(one *member) {
	j.lock.Lock()
	defer j.lock.Unlock()
	if one.of != nil {
		if one.of.waiting--; one.of.waiting == 0 {
			one.of.cancel()
		}
		return
	}
	for place, each := range j.waiting {
		if each == one {
			j.waiting = append(j.waiting[:place:place], j.waiting[place+1:]...)
			return
		}
	}
}

// together is a body of several parts: messages of Protobuf behind each other are one, with the fields of all.
func together(parts [][]byte) (body func() io.Reader, size int64) {
	for _, part := range parts {
		size += int64(len(part))
	}
	return func() io.Reader {
		readers := make([]io.Reader, len(parts))
		for place, part := range parts {
			readers[place] = bytes.NewReader(part)
		}
		return io.MultiReader(readers...)
	}, size
}
