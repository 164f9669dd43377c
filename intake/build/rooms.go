package main

import (
	"hash/maphash"
	"sync"
	"time"
)

// rooms are what of the collector's memory each service may have: a quarter of what it remembers of all senders together for an hour,
// so that one of them takes no place from the others.
type rooms struct {
	// each is how many things a service may have there.
	each int
	lock sync.Mutex
	of   map[string]*room
}

// room are those of a service: when each was seen last, in seconds.
type room struct {
	seen  map[uint64]int64
	swept int64
}

const (
	sharesOfRooms = 4
	// forgotten is after how many seconds the collector forgets what it has not seen again.
	forgotten = 3600
	// sweep is how many seconds lie between two looks for those.
	sweep = 60
	// mostRooms bounds what senders of endless names take here; further ones are one.
	mostRooms = 1024
)

func newRooms(places int) rooms {
	return rooms{each: max(1, places/sharesOfRooms), of: map[string]*room{}}
}

var seedOfRooms = maphash.MakeSeed()

func (r *rooms) place(service string) *room {
	if r.of[service] == nil && len(r.of) >= mostRooms {
		service = ""
	}
	if r.of[service] == nil {
		r.of[service] = &room{seen: map[uint64]int64{}}
	}
	return r.of[service]
}

// has says whether something is one of those that a service may have, and notes that it goes on.
func (r *room) has(identity uint64, now time.Time, most int) bool {
	at := now.Unix()
	if _, is := r.seen[identity]; !is && len(r.seen) >= most {
		if at-r.swept < sweep {
			return false
		}
		r.swept = at
		for each, last := range r.seen {
			if at-last > forgotten {
				delete(r.seen, each)
			}
		}
		if len(r.seen) >= most {
			return false
		}
	}
	r.seen[identity] = at
	return true
}
