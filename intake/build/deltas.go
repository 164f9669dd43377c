package main

import (
	"encoding/binary"
	"hash/maphash"
	"time"
)

// The collector adds deltas up, and remembers each series of them for an hour: so many, of all senders together. One service
// whose counters have a label that never repeats would take every place, and the new series of others would be lost. So services and
// tokens have a share of them (rooms.go); their further points are taken out here, in place (sound.go). For protobuf: SDKs that send deltas
// send it.
type deltas struct{ rooms }

const deltaTemporality = 1

// takeOut takes the points out of a measured request of metrics that are of more series than their service or token may have.
func (d *deltas) takeOut(token string, body []byte, now time.Time) (taken int) {
	d.lock.Lock()
	defer d.lock.Unlock()
	fields(body, 1, func(owned, _ []byte) {
		service, identity := "", uint64(0)
		fields(owned, 1, func(resource, _ []byte) {
			identity = maphash.Bytes(seedOfRooms, resource)
			fields(resource, 1, func(attribute, _ []byte) {
				if key, text, is := textPair(attribute); is && string(key) == "service.name" {
					service = string(text)
				}
			})
		})
		fields(owned, 2, func(scoped, _ []byte) {
			fields(scoped, 2, func(metric, _ []byte) { taken += d.ofMetric(token, service, identity, metric, now) })
		})
	})
	return taken
}

// attributesOfPoint are the fields of a metric that may hold deltas, and where their points have their attributes.
var attributesOfPoint = map[int]int{sumField: 7, histogramField: 9, 10: 1}

func (d *deltas) ofMetric(token, service string, owner uint64, metric []byte, now time.Time) (taken int) {
	name := owner
	fields(metric, 1, func(text, _ []byte) { name ^= maphash.Bytes(seedOfRooms, text) * 31 })
	for field, attributes := range attributesOfPoint {
		fields(metric, field, func(data, _ []byte) {
			if !isDelta(data) {
				return
			}
			fields(data, 1, func(point, raw []byte) {
				identity := name * 31
				fields(point, attributes, func(pair, _ []byte) { identity += maphash.Bytes(seedOfRooms, pair) })
				if !d.has(token, service, identity, now) && raw[0] == tagOfPoint {
					raw[0] = tagOfNobody
					taken++
				}
			})
		})
	}
	return taken
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
