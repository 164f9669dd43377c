package redact

import (
	"hash/maphash"
	"log/slog"
	"strings"
	"sync/atomic"
)

// memory holds what was found out of texts that come again and again: names of attributes, markets, hosts. It is of a fixed size, and
// a reader waits for nobody. What is in it has been passed on as it is: nothing that was redacted is kept.
type memory[V any] struct {
	places [placesOfMemory][waysOfMemory]atomic.Pointer[remembered[V]]
	// seen holds digests of texts that came once: one that never comes again takes no place.
	seen [placesOfMemory * waysOfMemory]atomic.Uint32
}

type remembered[V any] struct {
	under, text string
	value       V
}

const (
	placesOfMemory = 2048
	waysOfMemory   = 4
	// longestRemembered is how long a text and the name of its attribute may be together to be worth a place.
	longestRemembered = 128
)

var seed = maphash.MakeSeed()

// digest is of a text; drawn anew in every process, so that nobody can make texts that share a place.
func digest(text string) uint64 { return maphash.String(seed, text) }

// unchanged are short texts in which nothing was found under the name of their attribute.
type unchanged struct{ memory[struct{}] }

// left is what search leaves of a text under a name, whose digest is known; what it has left whole it is not asked again.
func (u *unchanged) left(text, under string, ofName uint64, search func(text string) string) string {
	if len(text)+len(under) > longestRemembered {
		return guarded(search, text)
	}
	sum := digest(text) ^ ofName*31
	if _, is := u.find(sum, under, text); is {
		return text
	}
	found := guarded(search, text)
	if found == text {
		u.put(sum, under, text, struct{}{})
	}
	return found
}

// guarded is what search leaves of a text. A fault of a rule costs that text alone, not the request that it came in, which its
// sender would send again for ever.
func guarded(search func(text string) string, text string) (left string) {
	defer func() {
		if fault := recover(); fault != nil {
			slog.Error("a text was taken out whole: looking through it failed", "error", fault)
			left = Mark
		}
	}()
	return search(text)
}

func (m *memory[V]) find(digest uint64, under, text string) (value V, is bool) {
	place := &m.places[digest%placesOfMemory]
	for way := range place {
		if held := place[way].Load(); held != nil && held.text == text && held.under == under {
			return held.value, true
		}
	}
	return value, false
}

// put remembers a text when it comes for the second time.
func (m *memory[V]) put(digest uint64, under, text string, value V) {
	mark := uint32(digest >> 32)
	if before := &m.seen[digest%(placesOfMemory*waysOfMemory)]; before.Load() != mark {
		before.Store(mark)
		return
	}
	// What is passed in is part of a request, which is not to be kept for it.
	fresh := &remembered[V]{strings.Clone(under), strings.Clone(text), value}
	place := &m.places[digest%placesOfMemory]
	for way := range place {
		if place[way].CompareAndSwap(nil, fresh) {
			return
		}
	}
	place[digest>>60%waysOfMemory].Store(fresh)
}
