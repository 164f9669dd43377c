package main

import (
	queue "container/list"
	"hash/maphash"
	"time"
)

// The collector draws edges between services from pairs of spans: the client's half waits ten seconds for the server's, or the other
// way round, in one store for all services together; halves that find it full are left out. One service with many calls that nobody
// answers for would take all of it, and the edges of others would be missing. Which halves wait there is followed here, and each service
// may have as many places as are free, each token eight times as many: one that takes all it gets leaves half of the store, two leave a
// third, and whoever has few finds room. Spans that are more are stored and counted as all are, and only draw no edge. What completes a
// pair takes no place and always passes. An edge that is drawn is a series of its own for a quarter of an hour; how many of them services and
// tokens may have is bounded as other things are (rooms.go).
// https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/v0.158.0/connector/servicegraphconnector/internal/store/store.go
type edges struct {
	// rooms are of edges; its lock holds for all.
	rooms
	places  int
	waiting map[halfKey]*queue.Element
	// oldest first.
	order *queue.List
	held  map[string]*holding
}

// waitsSeconds is how long a half waits: the collector's ten seconds, two more until it looks, and one for the way there.
const waitsSeconds = 13

// halfKey is the trace and the calling span of a call.
type halfKey [24]byte

// half is one side of a call.
type half struct {
	key      halfKey
	isClient bool
	// peer is who a client says that it calls, as a hash, and how well it says so.
	peer uint64
	rank int
	// isAlone: it waits for nobody, as a query of a database.
	isAlone bool
}

// waitingHalf is a half that waits, whose it is, and until when. It holds nothing of the request.
type waitingHalf struct {
	key            halfKey
	isClient       bool
	name           uint64
	service, token *holding
	until          int64
}

// holding is how many places a service or a token has.
type holding struct {
	name  string
	count int
	// isFull is of a service that got no place. It gets the next when it has half of what it may have: else each of its requests would be
	// parted.
	isFull bool
}

// sharesOfPlaces: half of the collector's places are handed out. The others are for what waited there when this program began, and for what
// was long on its way.
const sharesOfPlaces = 2

// ofToken is how many times as many places as a service a token may have.
const ofToken = 8

func newEdges(places, series int) *edges {
	return &edges{
		rooms: newRooms(series), places: max(1, places/sharesOfPlaces), waiting: map[halfKey]*queue.Element{}, order: queue.New(), held: map[string]*holding{},
	}
}

// origin is who sends spans: a service and its token, together the owner of places.
type origin struct {
	token, service, owner string
	name                  uint64
}

func originOf(token, service string) *origin {
	owner := token + "\x00" + service
	// Of the request nothing is held.
	return &origin{token, owner[len(token)+1:], owner, maphash.String(seedOfRooms, service)}
}

// draws says whether a half of a service may draw an edge, and notes it. The lock is held.
func (e *edges) draws(from *origin, one half, now time.Time) bool {
	if one.isAlone {
		return e.has(from.token, from.service, from.name*31+one.peer, now)
	}
	if found := e.waiting[one.key]; found != nil {
		other := found.Value.(*waitingHalf)
		if other.isClient == one.isClient {
			return true
		}
		if !e.has(from.token, from.service, other.name*31+from.name, now) {
			return false
		}
		e.leave(found)
		return true
	}
	// A server's half without its client's draws one only where nobody called: from "user".
	if isDrawnAlone := one.isClient || isZero(one.key[16:]); isDrawnAlone && !e.has(from.token, from.service, from.name*31+one.peer, now) {
		return false
	}
	return e.wait(one, from.name, e.holding(from.owner), e.holding(from.token), now)
}

// wait gives a half a place, if there is one for it.
func (e *edges) wait(one half, name uint64, service, token *holding, now time.Time) bool {
	free := e.places - e.order.Len()
	most := free
	if service.isFull {
		most /= 2
	}
	service.isFull = service.count >= most
	if service.isFull || token.count >= ofToken*free {
		e.tidy(service)
		e.tidy(token)
		return false
	}
	service.count++
	token.count++
	e.waiting[one.key] = e.order.PushBack(&waitingHalf{one.key, one.isClient, name, service, token, now.Unix() + waitsSeconds})
	return true
}

func (e *edges) holding(name string) *holding {
	if e.held[name] == nil {
		e.held[name] = &holding{name: name}
	}
	return e.held[name]
}

// tidy forgets who has nothing.
func (e *edges) tidy(one *holding) {
	if one.count == 0 {
		delete(e.held, one.name)
	}
}

func (e *edges) leave(one *queue.Element) {
	left := one.Value.(*waitingHalf)
	for _, each := range []*holding{left.service, left.token} {
		each.count--
		e.tidy(each)
	}
	delete(e.waiting, left.key)
	e.order.Remove(one)
}

// expire gives the places of those back that wait no longer.
func (e *edges) expire(now time.Time) {
	for first := e.order.Front(); first != nil && first.Value.(*waitingHalf).until <= now.Unix(); first = e.order.Front() {
		e.leave(first)
	}
}

const serverKind, clientKind, producerKind, consumerKind = 2, 3, 4, 5

// rankOf is how well an attribute says who is called that sends no spans: databases first, then the collector's order; 0: not at all.
func rankOf(key string) int {
	switch key {
	case "db.namespace":
		return 5
	case "db.name":
		return rankOfDatabases
	case "exchange.name":
		return 3
	case "peer.service":
		return 2
	case "server.address":
		return 1
	}
	return 0
}

const rankOfDatabases = 4

// apart parts a measured request of spans: what draws edges as any does, and what draws none. Both are empty or a request.
func (e *edges) apart(token string, body []byte, now time.Time) (drawn, plain []byte, count int) {
	var isPlain []bool
	e.lock.Lock()
	e.expire(now)
	fields(body, 1, func(owned, _ []byte) {
		service := ""
		fields(owned, 1, func(resource, _ []byte) { service = ofProtobuf(resource).service })
		from := originOf(token, service)
		fields(owned, 2, func(scoped, _ []byte) {
			fields(scoped, 2, func(span, _ []byte) {
				one, is := halfOf(span)
				is = is && service != "" && !e.draws(from, one, now)
				if isPlain = append(isPlain, is); is {
					count++
				}
			})
		})
	})
	e.lock.Unlock()
	switch count {
	case 0:
		return body, nil, 0
	case len(isPlain):
		return nil, body, count
	}
	return spansOnly(body, isPlain, false), spansOnly(body, isPlain, true), count
}

// spansOnly is a request with some of its spans, of which a list says for each what it is.
func spansOnly(body []byte, of []bool, wanted bool) (left []byte) {
	at := 0
	fields(body, 1, func(owned, _ []byte) {
		kept, any := []byte(nil), false
		each(owned, func(field int, scoped, raw []byte) bool {
			if field != 2 || scoped == nil {
				kept = append(kept, raw...)
				return true
			}
			inScope, found := []byte(nil), false
			each(scoped, func(field int, span, raw []byte) bool {
				if field == 2 && span != nil {
					at++
					if of[at-1] != wanted {
						return true
					}
					found = true
				}
				inScope = append(inScope, raw...)
				return true
			})
			if found {
				kept, any = withField(kept, 2, view(inScope)), true
			}
			return true
		})
		if any {
			left = withField(left, 1, view(kept))
		}
	})
	return left
}

// halfOf is which half of a call a span is, if it is one.
func halfOf(span []byte) (one half, is bool) {
	var trace, own, parent []byte
	kind := 0
	each(span, func(field int, held, raw []byte) bool {
		switch field {
		case 1:
			trace = held
		case 2:
			own = held
		case 4:
			parent = held
		case 6:
			if held == nil && len(raw) == 2 {
				kind = int(raw[1])
			}
		}
		return true
	})
	one.isClient = kind == clientKind || kind == producerKind
	if !one.isClient && kind != serverKind && kind != consumerKind {
		return one, false
	}
	copy(one.key[:16], trace)
	if !one.isClient {
		copy(one.key[16:], parent)
		return one, true
	}
	copy(one.key[16:], own)
	fields(span, 9, func(attribute, _ []byte) {
		if key, text, is := textPair(attribute); is {
			one.note(view(key), view(text))
		} else {
			one.note(keyOf(attribute), view(attribute))
		}
	})
	return one, true
}

// note looks at an attribute of a client.
func (h *half) note(key, value string) {
	rank := rankOf(key)
	if rank <= h.rank || value == "" {
		return
	}
	h.rank, h.peer, h.isAlone = rank, maphash.String(seedOfRooms, value), rank >= rankOfDatabases
}

// unlinkedKey is of resources whose spans draw no edge, for the guards: behind them nobody asks for it.
const unlinkedKey = "botobs.unlinked"

var unlinkedPair = withField(withField(nil, keyField, unlinkedKey), valueField, "\x10\x01")

// unlinked marks the resources of a request.
func unlinked(body []byte) []byte {
	return edited(body, func(field int, owned []byte) []byte {
		if field != 1 {
			return owned
		}
		return edited(owned, func(field int, resource []byte) []byte {
			if field != 1 {
				return resource
			}
			return withField(append([]byte(nil), resource...), 1, view(unlinkedPair))
		})
	})
}
