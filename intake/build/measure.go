package main

import (
	"encoding/binary"
	"errors"
)

// A message of OTLP, as far as its size in memory and the name of its service are concerned.
// https://github.com/open-telemetry/opentelemetry-proto/tree/v1.9.0/opentelemetry/proto
type message struct {
	// bytes is about what the collector takes for an empty one, and for the copies that it makes.
	bytes int64
	// parts are its messages by field number.
	parts [numbered]*message
	// packed is its packed field of numbers that are longer in memory.
	packed int
	// texts are its fields that somebody wrote, beside the values of attributes.
	texts []int
	kind  kind
}

type kind int

const (
	plain kind = iota
	resource
	// added holds points that may be deltas; exponential does too.
	added
	exponential
)

// A message's share beside what it holds: measured on the collector with spans and points that are empty.
const (
	itemBytes  = 1024
	partBytes  = 160
	fieldBytes = 8
	maxDepth   = 64
	// numbered is one more than the highest number of a field that is looked into.
	numbered = 16
)

var (
	anyValue = &message{bytes: partBytes, parts: [numbered]*message{}}
	keyValue = &message{bytes: partBytes, parts: [numbered]*message{2: anyValue}}
	list     = &message{bytes: partBytes, parts: [numbered]*message{1: anyValue}}
	mapping  = &message{bytes: partBytes, parts: [numbered]*message{1: keyValue}}
	owner    = &message{bytes: partBytes, parts: [numbered]*message{1: keyValue, 3: leaf}, kind: resource}
	scope    = &message{bytes: partBytes, parts: [numbered]*message{3: keyValue}, texts: []int{1}}
	leaf     = &message{bytes: partBytes}
	exemplar = &message{bytes: partBytes, parts: [numbered]*message{7: keyValue}}
	buckets  = &message{bytes: partBytes, packed: 2}
	span     = &message{bytes: itemBytes, texts: []int{5}, parts: [numbered]*message{
		9:  keyValue,
		11: {bytes: partBytes, parts: [numbered]*message{3: keyValue}, texts: []int{2}},
		13: {bytes: partBytes, parts: [numbered]*message{4: keyValue}},
		15: {bytes: partBytes, texts: []int{2}},
	}}
	logRecord = &message{bytes: itemBytes, parts: [numbered]*message{5: anyValue, 6: keyValue}}
	number    = &message{bytes: itemBytes, parts: [numbered]*message{5: exemplar, 7: keyValue}}
	histogram = &message{bytes: itemBytes, parts: [numbered]*message{8: exemplar, 9: keyValue}}
	exponents = &message{bytes: itemBytes, parts: [numbered]*message{1: keyValue, 8: buckets, 9: buckets, 11: exemplar}}
	summary   = &message{bytes: itemBytes, parts: [numbered]*message{6: leaf, 7: keyValue}}
	metric    = &message{bytes: partBytes, texts: []int{1, 2}, parts: [numbered]*message{
		5: points(number), 7: summed(number), 9: summed(histogram), 10: {bytes: partBytes, parts: [numbered]*message{1: exponents}, kind: exponential}, 11: points(summary), 12: keyValue,
	}}

	requests = map[string]*message{"traces": request(span), "metrics": request(metric), "logs": request(logRecord)}
)

func init() {
	// What an AnyValue may hold holds AnyValues.
	anyValue.parts[5], anyValue.parts[6] = list, mapping
}

// part is what a field holds, if that is looked into.
func (m *message) part(field int) *message {
	if field < numbered {
		return m.parts[field]
	}
	return nil
}

func points(point *message) *message {
	return &message{bytes: partBytes, parts: [numbered]*message{1: point}}
}

func summed(point *message) *message {
	message := points(point)
	message.kind = added
	return message
}

func request(item *message) *message {
	scoped := &message{bytes: partBytes, parts: [numbered]*message{1: scope, 2: item}}
	owned := &message{bytes: partBytes, parts: [numbered]*message{1: owner, 2: scoped}}
	return &message{parts: [numbered]*message{1: owned}}
}

// measured is what a request will take in memory, and the services that it names.
type measured struct {
	bytes    int64
	limit    int64
	services []string
	// rejected is how many points were taken out.
	rejected int
	// plain are the spans that draw no edge, as a request of its own.
	plain []byte
	// unnamed: some resource has no name, or one that is no text. deltas: some sum or histogram may be of deltas.
	unnamed, deltas bool
}

var (
	errMalformed = errors.New("no valid message of OTLP, in protobuf, or in JSON with Content-Type: application/json")
	errTooLarge  = errors.New("larger in memory than a request may be")
)

// measure walks over a request without building it, and takes out what would be refused with all beside it.
func measure(signal string, body []byte, limit int64) (*measured, error) {
	found := &measured{limit: limit, bytes: int64(len(body))}
	if err := found.walk(requests[signal], body, 0); err != nil {
		return nil, err
	}
	return found, nil
}

func (m *measured) walk(of *message, body []byte, depth int) error {
	if m.bytes += of.bytes; m.bytes > m.limit {
		return errTooLarge
	}
	if depth > maxDepth {
		return errMalformed
	}
	named := false
	for len(body) > 0 {
		field, held, rest, err := next(body)
		if err != nil {
			return err
		}
		tag := body
		body = rest
		m.bytes += fieldBytes
		if held == nil {
			m.deltas = m.deltas || of.kind >= added && isDeltaField(field, tag)
			continue
		}
		if field == of.packed {
			m.bytes += int64(len(held)) * 8
		}
		if of.kind == resource && field == 1 {
			is, err := m.name(held)
			if err != nil {
				return err
			}
			named = named || is
		}
		if of.kind == exponential && field == 1 {
			sound, err := isSound(held)
			if err != nil || !sound && tag[0] != tagOfPoint {
				return errMalformed
			}
			if !sound {
				tag[0] = tagOfNobody
				m.rejected++
				continue
			}
		}
		part := of.part(field)
		if part == keyValue && isTextPair(held) {
			// As most are: a pair, its value, and three fields.
			if m.bytes += 2*partBytes + 3*fieldBytes; m.bytes > m.limit {
				return errTooLarge
			}
			continue
		}
		if part != nil {
			if err := m.walk(part, held, depth+1); err != nil {
				return err
			}
		}
	}
	if of.kind == resource && !named {
		m.unnamed = true
	}
	return nil
}

// name notes a service's name, if an attribute is one: every value, for a repeated field replaces the one before.
func (m *measured) name(attribute []byte) (bool, error) {
	is := false
	var values [][]byte
	for len(attribute) > 0 {
		field, held, rest, err := next(attribute)
		if err != nil {
			return false, err
		}
		attribute = rest
		switch {
		case field == 1 && string(held) == "service.name":
			is = true
		case field == 2 && held != nil:
			values = append(values, held)
		}
	}
	if !is {
		return false, nil
	}
	isText := false
	for _, value := range values {
		for len(value) > 0 {
			field, held, rest, err := next(value)
			if err != nil {
				return false, err
			}
			value = rest
			if field == 1 && held != nil {
				m.services = append(m.services, string(held))
				isText = true
			} else {
				m.unnamed = true
			}
		}
	}
	return isText, nil
}

// next reads one field; held is nil where it is no message, text or packed list.
func next(body []byte) (field int, held, rest []byte, err error) {
	// Nearly all fields are short and have a low number.
	if len(body) > 1 && body[0]&0x87 == 2 && body[0] > 7 && body[1] < 0x80 && len(body)-2 >= int(body[1]) {
		end := 2 + int(body[1])
		return int(body[0] >> 3), body[2:end:end], body[end:], nil
	}
	tag, size := binary.Uvarint(body)
	if size <= 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return 0, nil, nil, errMalformed
	}
	field, body = int(tag>>3), body[size:]
	skip := 0
	switch tag & 7 {
	case 0:
		if _, skip = binary.Uvarint(body); skip <= 0 {
			return 0, nil, nil, errMalformed
		}
	case 1:
		skip = 8
	case 5:
		skip = 4
	case 2:
		length, size := binary.Uvarint(body)
		if size <= 0 || length > uint64(len(body)-size) {
			return 0, nil, nil, errMalformed
		}
		end := size + int(length)
		return field, body[size:end:end], body[end:], nil
	default:
		return 0, nil, nil, errMalformed
	}
	if skip > len(body) {
		return 0, nil, nil, errMalformed
	}
	return field, nil, body[skip:], nil
}
