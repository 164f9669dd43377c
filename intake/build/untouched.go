package main

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// The collector's guards (../../collector/collector.yaml) look at every attribute of every span and point, and nearly always leave all
// as it was. Whether they would is seen here in passing, for protobuf: such a request goes to the collector's other receiver, behind
// them. In doubt, and whatever is unusual, a request goes through the guards.

// What the guards cut a text to.
const (
	longestOfResource = 1024
	longestOfSpan     = 4096
	longestOfEvent    = 8192
	longestOfPoint    = 1024
	longestSpanName   = 256
)

// Times between which no guard asks how old a point is. The least BOTOBS_HORIZON is ten minutes.
const (
	ago   = 5 * time.Minute
	ahead = 5 * time.Minute
)

// isUntouched says whether every guard would leave a request as it is.
func isUntouched(signal string, body []byte, now time.Time) bool {
	switch signal {
	case "traces":
		return each(body, func(field int, held, _ []byte) bool {
			return field == 1 && held != nil && ofTraces(held)
		})
	case "metrics":
		since, until := uint64(now.Add(-ago).UnixNano()), uint64(now.Add(ahead).UnixNano())
		return each(body, func(field int, held, _ []byte) bool {
			return field == 1 && held != nil && ofMetrics(held, &found{since: since, until: until})
		})
	}
	return false
}

// each looks at the fields of a message until one does not please.
func each(body []byte, pleases func(field int, held, raw []byte) bool) bool {
	for len(body) > 0 {
		field, held, rest, err := next(body)
		if err != nil || !pleases(field, held, body[:len(body)-len(rest)]) {
			return false
		}
		body = rest
	}
	return true
}

// ofTraces looks at the spans of a resource.
func ofTraces(body []byte) bool {
	from, filled := sender{}, false
	return each(body, func(field int, held, _ []byte) bool {
		switch field {
		case 1:
			return from.read(held, true)
		case 2:
			filled = each(held, func(field int, held, _ []byte) bool {
				return field != 2 || held != nil && ofSpan(held)
			}) && hasField(held, 2)
			return filled
		}
		return field == 3
	}) && from.named && filled
}

// hasField says whether a message has a field: guards take away what is empty.
func hasField(body []byte, wanted int) bool {
	return !each(body, func(field int, _, _ []byte) bool { return field != wanted })
}

func ofSpan(body []byte) bool {
	trace, span := false, false
	return each(body, func(field int, held, _ []byte) bool {
		switch field {
		case 1:
			trace = len(held) == 16 && !isZero(held)
			return trace
		case 2:
			span = len(held) == 8 && !isZero(held)
			return span
		case 5:
			return len(held) <= longestSpanName && isText(held)
		case 9:
			return ofAttribute(held, longestOfSpan, true)
		case 11:
			return each(held, func(field int, held, _ []byte) bool { return field != 3 || ofAttribute(held, longestOfEvent, true) })
		case 15:
			return each(held, func(field int, held, _ []byte) bool {
				return field != 2 || len(held) <= longestOfSpan && isText(held)
			})
		}
		return true
	}) && trace && span
}

func isZero(id []byte) bool {
	for _, each := range id {
		if each != 0 {
			return false
		}
	}
	return true
}

// sender is what a resource says of who sends: the guard of identities asks for it.
type sender struct {
	named, instance, own, foreign, process, place bool
}

// read takes the one resource of a message.
func (s *sender) read(body []byte, ofSpans bool) bool {
	if s.named || body == nil {
		return false
	}
	labels := labels{}
	if !each(body, func(field int, held, _ []byte) bool {
		return field != 1 || labels.take(held, longestOfResource, ofSpans) && s.note(held)
	}) {
		return false
	}
	s.named = s.instance
	return s.named
}

// note remembers what counts; each may stand there once.
func (s *sender) note(attribute []byte) bool {
	key, text, is := textPair(attribute)
	if !is {
		key, text = []byte(keyOf(attribute)), nil
	}
	var flag *bool
	switch string(key) {
	case "service.name", "service.namespace":
		return len(text) > 0
	case "service.instance.id":
		if len(text) == 0 {
			return false
		}
		flag = &s.instance
	case "telemetry.distro.name":
		if flag = &s.own; string(text) != "botobs" {
			flag = &s.foreign
		}
	case "process.pid":
		flag = &s.process
	case "k8s.pod.name", "container.id", "host.name":
		s.place = true
		return true
	default:
		return true
	}
	if *flag {
		return false
	}
	*flag = true
	return true
}

// isPlain says whether the guard of identities adds nothing. Started: a counter says when it began.
func (s *sender) isPlain(started bool) bool {
	if s.own && !s.foreign {
		return s.process || !started
	}
	return !s.process && !s.place && !started
}

// found is what was seen of the points of a resource.
type found struct {
	since, until uint64
	started      bool
}

func ofMetrics(body []byte, seen *found) bool {
	from, filled := sender{}, false
	return each(body, func(field int, held, _ []byte) bool {
		switch field {
		case 1:
			return from.read(held, false)
		case 2:
			filled = each(held, func(field int, held, _ []byte) bool {
				switch field {
				case 1:
					labels := labels{}
					return each(held, func(field int, held, _ []byte) bool {
						return field != 3 || labels.take(held, math.MaxInt, false)
					})
				case 2:
					return held != nil && seen.ofMetric(held)
				}
				return field == 3
			}) && hasField(held, 2)
			return filled
		}
		return field == 3
	}) && filled && from.named && from.isPlain(seen.started)
}

// Fields of a metric that hold points; those of exponential histograms are looked at by the guards.
const gaugeField, sumField, histogramField, summaryField = 5, 7, 9, 11

func (p *found) ofMetric(body []byte) bool {
	named, typed := false, false
	return each(body, func(field int, held, _ []byte) bool {
		switch field {
		case 1:
			named = isText(held) && hasPlain(held)
			return named
		case 2, 3:
			return isText(held)
		case gaugeField, sumField, histogramField, summaryField:
			if typed || held == nil {
				return false
			}
			typed = hasField(held, 1)
			return typed && p.ofPoints(field, held)
		}
		return false
	}) && named && typed
}

// cumulative is the temporality that Prometheus takes.
const cumulative = 2

func (p *found) ofPoints(kind int, body []byte) bool {
	counts := kind == sumField || kind == histogramField
	isCumulative := !counts
	return each(body, func(field int, held, raw []byte) bool {
		switch field {
		case 1:
			return held != nil && p.ofPoint(kind, held)
		case 2:
			isCumulative = counts && len(raw) == 2 && raw[1] == cumulative
			return isCumulative
		}
		return field == 3
	}) && isCumulative
}

// Fields of points: the attributes', exemplars' and that of the figure that may be no number, by the field of the metric.
var fieldsOf = [...]struct{ attributes, exemplars, figure int }{
	gaugeField: {7, 5, 0}, sumField: {7, 5, 4}, histogramField: {9, 8, 5}, summaryField: {7, 0, 0},
}

func (p *found) ofPoint(kind int, body []byte) bool {
	fields := &fieldsOf[kind]
	labels := labels{}
	timed := false
	return each(body, func(field int, held, raw []byte) bool {
		switch {
		case field == fields.attributes:
			return labels.take(held, longestOfPoint, false) && !isReserved(labels.keys[labels.count-1])
		case field == 2:
			p.started = p.started || kind != gaugeField && kind != summaryField && fixed(raw) != 0
		case field == 3:
			at := fixed(raw)
			timed = p.since <= at && at <= p.until
			return timed
		case field == fields.figure && field != 0:
			return !math.IsNaN(math.Float64frombits(fixed(raw)))
		case field == fields.exemplars && field != 0:
			return ofExemplar(held)
		}
		return true
	}) && timed
}

// ofExemplar: one has a value and no attributes of its own.
func ofExemplar(body []byte) bool {
	valued := false
	return each(body, func(field int, _, raw []byte) bool {
		if field == 3 || field == 6 {
			valued = fixed(raw)<<1 != 0
		}
		return field != 7
	}) && valued
}

// fixed is a number of 64 bits, 0 for what is none.
func fixed(raw []byte) uint64 {
	if len(raw) != 9 {
		return 0
	}
	return binary.LittleEndian.Uint64(raw[1:])
}

// labels are the names of attributes that become labels: of several of one name a guard leaves the last.
type labels struct {
	keys  [32][]byte
	count int
}

func (l *labels) take(attribute []byte, longest int, ofSpans bool) bool {
	key, _, is := textPair(attribute)
	if !is {
		key = []byte(keyOf(attribute))
	}
	for _, other := range l.keys[:l.count] {
		if bytes.Equal(other, key) {
			return false
		}
	}
	if l.count == len(l.keys) {
		return false
	}
	l.keys[l.count] = key
	l.count++
	return ofAttribute(attribute, longest, ofSpans)
}

// ofAttribute looks at an attribute. Guards of spans look into texts alone.
func ofAttribute(body []byte, longest int, ofSpans bool) bool {
	if key, text, is := textPair(body); is {
		return ofKey(key, ofSpans) && len(text) <= longest && isText(text) && (len(text) > 0 || !ofSpans || !isDimension(key))
	}
	key, kinds, isComposed := []byte(nil), 0, false
	return each(body, func(field int, held, _ []byte) bool {
		switch field {
		case keyField:
			key = held
			return ofKey(key, ofSpans)
		case valueField:
			return each(held, func(kind int, _, _ []byte) bool {
				kinds++
				isComposed = isComposed || kind >= listField
				return kind > textField && (kind < listField || ofSpans && kind <= bytesField)
			})
		}
		return false
	}) && key != nil && kinds == 1 && !(isComposed && isDimension(key))
}

// ofKey says whether no guard renames or uses a key. Prometheus refuses one without a letter or digit.
func ofKey(key []byte, ofSpans bool) bool {
	if !isText(key) || !ofSpans && (!hasPlain(key) || bytes.Contains(key, []byte("unnamed."))) {
		return false
	}
	word, is := bytes.CutPrefix(key, []byte("botobs."))
	if !is {
		return true
	}
	switch word, _, _ := strings.Cut(view(word), "."); word {
	case "redaction", "sender", "unidentified", "unlinked", "respelled", "contradictory":
		return false
	}
	return true
}

// isDimension says whether span metrics have a label of an attribute. One that is empty is none to Prometheus.
func isDimension(key []byte) bool {
	switch view(key) {
	case "error.type", "exchange.name", "db.system.name":
		return true
	}
	return false
}

// hasPlain says whether an ASCII letter or digit is in a text.
func hasPlain(text []byte) bool {
	for _, c := range text {
		if '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' {
			return true
		}
	}
	return false
}

// isText says whether a text has no byte that is no UTF-8, nor the sign that stands for one; signs of the same beginning count as it.
func isText(text []byte) bool {
	return text != nil && (isASCII(text) || utf8.Valid(text) && !bytes.Contains(text, []byte{0xef, 0xbf}))
}

func isASCII(text []byte) bool {
	const high = 0x8080808080808080
	for len(text) >= 8 {
		if binary.LittleEndian.Uint64(text)&high != 0 {
			return false
		}
		text = text[8:]
	}
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
