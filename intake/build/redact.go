package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"botobs.dev/intake/redact"
)

// redactor takes secrets out of requests: out of names, texts and attributes, wherever OTLP has them.
type redactor struct {
	attributes *redact.Attributes
}

// newRedactor takes patterns of names of attributes whose values stay as they are, as a list in JSON.
func newRedactor(keep string) (*redactor, error) {
	var given []string
	if keep != "" {
		if err := json.Unmarshal([]byte(keep), &given); err != nil {
			return nil, fmt.Errorf("names that are kept: no list of texts in JSON: %w", err)
		}
	}
	var patterns []*regexp.Regexp
	for _, each := range given {
		pattern, err := regexp.Compile(each)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, pattern)
	}
	return &redactor{redact.NewAttributes(patterns)}, nil
}

// Fields of AnyValue and of KeyValue.
const (
	textField, doubleField, listField, mapField, bytesField = 1, 4, 5, 6, 7
	intField                                                = 3
	keyField, valueField                                    = 1, 2
)

// protobuf is a request without secrets. It has been measured: it is sound, and not too deep. What holds none is not copied.
func (r *redactor) protobuf(signal string, body []byte) []byte {
	return r.message(requests[signal], body)
}

func (r *redactor) message(of *message, body []byte) []byte {
	if of == keyValue {
		return r.pair(body)
	}
	return edited(body, func(field int, held []byte) []byte {
		switch part := of.part(field); {
		case of == anyValue:
			// The body of a log record.
			return r.value(r.attributes.Of(""), field, held)
		case part != nil:
			return r.message(part, held)
		case slices.Contains(of.texts, field):
			return r.text(held)
		}
		return held
	})
}

// edited is a message in which some parts have been replaced, with their lengths.
func edited(body []byte, replace func(field int, held []byte) []byte) []byte {
	var made []byte
	done := 0
	for at := 0; at < len(body); {
		field, held, rest, err := next(body[at:])
		if err != nil {
			return body
		}
		end := len(body) - len(rest)
		if held != nil {
			if fresh := replace(field, held); !same(fresh, held) {
				_, tag := binary.Uvarint(body[at:])
				made = append(made, body[done:at+tag]...)
				made = append(binary.AppendUvarint(made, uint64(len(fresh))), fresh...)
				done = end
			}
		}
		at = end
	}
	if done == 0 {
		return body
	}
	return append(made, body[done:]...)
}

func same(one, other []byte) bool {
	return len(one) == len(other) && unsafe.SliceData(one) == unsafe.SliceData(other)
}

// keyOf is the key of an attribute, or of an item of a mapping.
func keyOf(pair []byte) string {
	key := ""
	for len(pair) > 0 {
		field, held, rest, err := next(pair)
		if err != nil {
			return key
		}
		if field == keyField && held != nil {
			key = view(held)
		}
		pair = rest
	}
	return key
}

func (r *redactor) pair(body []byte) []byte {
	if key, text, is := textPair(body); is {
		name := r.attributes.Of(view(key))
		left := name.Value(view(text))
		if name.Kept || name.Shown == view(key) && left == view(text) {
			return body
		}
		return withField(withField(nil, keyField, name.Shown), valueField, view(withField(nil, textField, left)))
	}
	key := keyOf(body)
	name := r.attributes.Of(key)
	if name.Kept {
		return body
	}
	return r.named(body, key, name.Shown, name)
}

// textPair takes apart an attribute that is written as all SDKs write it: its key, then its value, which is a text.
func textPair(body []byte) (key, text []byte, is bool) {
	if len(body) > 6 && len(body) < 0x80 && body[0] == keyField<<3|2 {
		// So short that each length is one byte: the key ends in front of the value's.
		if end := 2 + int(body[1]); end+4 <= len(body) && body[end] == valueField<<3|2 && end+2+int(body[end+1]) == len(body) &&
			body[end+2] == textField<<3|2 && end+4+int(body[end+3]) == len(body) {
			return body[2:end:end], body[end+4:], true
		}
	}
	field, key, rest, err := next(body)
	if err != nil || field != keyField || key == nil {
		return nil, nil, false
	}
	field, value, rest, err := next(rest)
	if err != nil || field != valueField || value == nil || len(rest) > 0 {
		return nil, nil, false
	}
	field, text, rest, err = next(value)
	return key, text, err == nil && field == textField && text != nil && len(rest) == 0
}

func isTextPair(body []byte) bool {
	_, _, is := textPair(body)
	return is
}

// withField is a message with one field more: a text, or another message.
func withField(body []byte, field int, held string) []byte {
	body = binary.AppendUvarint(append(body, byte(field<<3|2)), uint64(len(held)))
	return append(body, held...)
}

// named is a pair with what may be shown of its key, whose value is judged by a name.
func (r *redactor) named(body []byte, key, shown string, judged *redact.Name) []byte {
	return edited(body, func(field int, held []byte) []byte {
		switch field {
		case keyField:
			return changed(held, key, shown)
		case valueField:
			return r.any(judged, held)
		}
		return held
	})
}

// any is an AnyValue under a name.
func (r *redactor) any(name *redact.Name, body []byte) []byte {
	for rest := body; len(rest) > 0; {
		field, held, after, err := next(rest)
		if err != nil {
			return body
		}
		if held == nil && hidesNumber(name, field, rest[:len(rest)-len(after)]) {
			return append([]byte{textField<<3 | 2, byte(len(redact.Mark))}, redact.Mark...)
		}
		rest = after
	}
	return edited(body, func(field int, held []byte) []byte { return r.value(name, field, held) })
}

func hidesNumber(name *redact.Name, field int, raw []byte) bool {
	_, tag := binary.Uvarint(raw)
	switch {
	case field == intField:
		number, _ := binary.Uvarint(raw[tag:])
		return name.HidesNumber(float64(int64(number)))
	case field == doubleField && len(raw) == tag+8:
		return name.HidesNumber(math.Float64frombits(binary.LittleEndian.Uint64(raw[tag:])))
	}
	return false
}

// value is one field of an AnyValue: a text, bytes that may be one, a list, a mapping.
func (r *redactor) value(name *redact.Name, field int, held []byte) []byte {
	switch {
	case field == textField || field == bytesField && utf8.Valid(held):
		text := view(held)
		return changed(held, text, name.Value(text))
	case field == listField:
		return edited(held, func(_ int, item []byte) []byte { return r.any(name, item) })
	case field == mapField:
		named := nameIn(held)
		return edited(held, func(_ int, item []byte) []byte {
			key := keyOf(item)
			return r.named(item, key, r.attributes.Of(key).Shown, r.attributes.Inner(name, of(key, named)))
		})
	}
	return held
}

// nameIn is what a mapping is a pair of that names both its parts, `{"name": "…", "value": "…"}`; nothing for another mapping.
func nameIn(items []byte) (named string) {
	edited(items, func(_ int, item []byte) []byte {
		if key := keyOf(item); named == "" && isNameOfPair(key) {
			edited(item, func(field int, held []byte) []byte {
				if field == valueField {
					edited(held, func(field int, text []byte) []byte {
						if field == textField {
							named = view(text)
						}
						return text
					})
				}
				return held
			})
		}
		return item
	})
	return named
}

func isNameOfPair(key string) bool {
	return strings.EqualFold(key, "name") || strings.EqualFold(key, "key")
}

// of is the name by which an item is judged of a mapping that may be such a pair.
func of(key, named string) string {
	if named != "" && strings.EqualFold(key, "value") {
		return named
	}
	return key
}

// view is what is held as a text, which is not copied: requests are never written to.
func view(held []byte) string { return unsafe.String(unsafe.SliceData(held), len(held)) }

func (r *redactor) text(held []byte) []byte {
	text := view(held)
	return changed(held, text, redact.Text(text, ""))
}

// changed is what is held, itself where nothing was taken out.
func changed(held []byte, before, after string) []byte {
	if before == after {
		return held
	}
	return []byte(after)
}

func parsed(number json.Number) float64 {
	value, _ := strconv.ParseFloat(string(number), 64)
	return value
}
