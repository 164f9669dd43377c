package main

import (
	"hash/maphash"
	"sync"
	"time"
)

// rooms are what of the collector's memory senders may have, which remembers so many things of all of them together for an hour. A
// service may have a quarter, and a token half, while another token sends as well: one of them takes no place from the others, and
// neither does one that makes up names of services. What is there keeps its place, whoever comes.
type rooms struct {
	// places is how many things there may be; each is how many a service may have.
	places, each int
	lock         sync.Mutex
	of           map[string]*tenant
}

// tenant is what a token has: its services, and how many things these have together.
type tenant struct {
	services map[string]room
	held     int
	swept    int64
}

// room is what a service has: when each thing was seen last, in seconds.
type room map[uint64]int64

const (
	sharesOfServices = 4
	sharesOfTokens   = 2
	// forgotten is after how many seconds the collector forgets what it has not seen again.
	forgotten = 3600
	// sweep is how many seconds lie between two looks for those.
	sweep = 60
	// mostServices of a token have a room each; its further ones have one together.
	mostServices = 256
)

func newRooms(places int) rooms {
	return rooms{places: places, each: max(1, places/sharesOfServices), of: map[string]*tenant{}}
}

var seedOfRooms = maphash.MakeSeed()

// has says whether something is one of those that a service may have there, and notes that it goes on. The lock is held.
func (r *rooms) has(token, service string, identity uint64, now time.Time) bool {
	owner := r.of[token]
	if owner == nil {
		owner = &tenant{services: map[string]room{}}
		r.of[token] = owner
	}
	at, held := now.Unix(), owner.room(service)
	if _, is := held[identity]; !is {
		most := r.share(owner, at)
		if (len(held) >= r.each || owner.held >= most) && at-owner.swept >= sweep {
			owner.forget(at)
			held = owner.room(service)
		}
		if len(held) >= r.each || owner.held >= most {
			return false
		}
		owner.held++
	}
	held[identity] = at
	return true
}

// share is what a token may have: all, while no other one has anything.
func (r *rooms) share(own *tenant, at int64) int {
	for _, other := range r.of {
		if other == own {
			continue
		}
		if at-other.swept > forgotten {
			other.forget(at)
		}
		if other.held > 0 {
			return max(1, r.places/sharesOfTokens)
		}
	}
	return r.places
}

func (t *tenant) room(service string) room {
	if t.services[service] == nil && len(t.services) >= mostServices {
		service = ""
	}
	if t.services[service] == nil {
		t.services[service] = room{}
	}
	return t.services[service]
}

// forget gives up what has not been seen for so long that the collector has forgotten it.
func (t *tenant) forget(at int64) {
	t.swept, t.held = at, 0
	for service, held := range t.services {
		for each, last := range held {
			if at-last > forgotten {
				delete(held, each)
			}
		}
		if t.held += len(held); len(held) == 0 {
			delete(t.services, service)
		}
	}
}
