package main

import (
	"encoding/binary"
	"hash/maphash"
	"sync"
	"time"
)

// The collector adds deltas up, and remembers each series of them for an hour: so many, of all senders together. One service
// whose counters have a label that never repeats would take every place, and the new series of others would be lost. So each
// service may have a quarter of them; its further points are taken out here, in place (sound.go). For protobuf: SDKs that send deltas
// send it.
type deltas struct {
	// each is how many series a service may have.
	each int
	lock sync.Mutex
	of   map[string]*deltaSeries
}

// deltaSeries are those of a service: when each was seen last, in seconds.
type deltaSeries struct {
	seen  map[uint64]int64
	swept int64
}

const (
	sharesOfDeltas = 4
	// forgotten is after how many seconds without a point the collector forgets a series (max_stale).
	forgotten = 3600
	// sweep is how many seconds lie between two looks for those.
	sweep = 60
	// mostDeltaServices bounds what senders of endless names take here; further ones are one.
	mostDeltaServices = 1024
	deltaTemporality  = 1
)

func newDeltas(streams int) *deltas {
	return &deltas{each: max(1, streams/sharesOfDeltas), of: map[string]*deltaSeries{}}
}

var seedOfDeltas = maphash.MakeSeed()

// takeOut takes the points out of a measured request of metrics that are of more series than their service may have.
func (d *deltas) takeOut(body []byte, now time.Time) (taken int) {
	d.lock.Lock()
	defer d.lock.Unlock()
	fields(body, 1, func(owned, _ []byte) {
		service, identity := "", uint64(0)
		fields(owned, 1, func(resource, _ []byte) {
			identity = maphash.Bytes(seedOfDeltas, resource)
			fields(resource, 1, func(attribute, _ []byte) {
				if key, text, is := textPair(attribute); is && string(key) == "service.name" {
					service = string(text)
				}
			})
		})
		fields(owned, 2, func(scoped, _ []byte) {
			fields(scoped, 2, func(metric, _ []byte) { taken += d.ofMetric(d.place(service), identity, metric, now.Unix()) })
		})
	})
	return taken
}

func (d *deltas) place(service string) *deltaSeries {
	if d.of[service] == nil && len(d.of) >= mostDeltaServices {
		service = ""
	}
	if d.of[service] == nil {
		d.of[service] = &deltaSeries{seen: map[uint64]int64{}}
	}
	return d.of[service]
}

// attributesOfPoint are the fields of a metric that may hold deltas, and where their points have their attributes.
var attributesOfPoint = map[int]int{sumField: 7, histogramField: 9, 10: 1}

func (d *deltas) ofMetric(series *deltaSeries, owner uint64, metric []byte, now int64) (taken int) {
	name := owner
	fields(metric, 1, func(text, _ []byte) { name ^= maphash.Bytes(seedOfDeltas, text) * 31 })
	for field, attributes := range attributesOfPoint {
		fields(metric, field, func(data, _ []byte) {
			if !isDelta(data) {
				return
			}
			fields(data, 1, func(point, raw []byte) {
				identity := name * 31
				fields(point, attributes, func(pair, _ []byte) { identity += maphash.Bytes(seedOfDeltas, pair) })
				if !series.has(identity, now, d.each) && raw[0] == tagOfPoint {
					raw[0] = tagOfNobody
					taken++
				}
			})
		})
	}
	return taken
}

// has says whether a series is one of those that a service may have, and notes that it goes on.
func (s *deltaSeries) has(identity uint64, now int64, most int) bool {
	if _, is := s.seen[identity]; !is && len(s.seen) >= most {
		if now-s.swept < sweep {
			return false
		}
		s.swept = now
		for each, last := range s.seen {
			if now-last > forgotten {
				delete(s.seen, each)
			}
		}
		if len(s.seen) >= most {
			return false
		}
	}
	s.seen[identity] = now
	return true
}

// isDelta says whether the last temporality of a sum or a histogram is delta.
func isDelta(data []byte) (is bool) {
	each(data, func(field int, held, raw []byte) bool {
		if field == 2 && held == nil {
			is = isDeltaField(field, raw)
		}
		return true
	})
	return is
}

// isDeltaField says whether a field of a sum or a histogram, raw, is the temporality of deltas.
func isDeltaField(field int, raw []byte) bool {
	_, tag := binary.Uvarint(raw)
	value, size := binary.Uvarint(raw[tag:])
	return field == 2 && size > 0 && value == deltaTemporality
}

// fields are those of a number that hold something; raw begins with the field's tag.
func fields(body []byte, wanted int, do func(held, raw []byte)) {
	each(body, func(field int, held, raw []byte) bool {
		if field == wanted && held != nil {
			do(held, raw)
		}
		return true
	})
}
