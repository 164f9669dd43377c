package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"unicode/utf8"

	"botobs.dev/intake/redact"
)

// json is a request of OTLP in JSON without secrets, written anew if there were any, or if something else was changed in it.
func (r *redactor) json(body []byte, change func(given any) bool) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var given any
	if err := decoder.Decode(&given); err != nil {
		return nil, errMalformed
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errMalformed
	}
	tree := &tree{attributes: r.attributes, changed: change(given)}
	tree.clean(given)
	if !tree.changed {
		return body, nil
	}
	var made bytes.Buffer
	encoder := json.NewEncoder(&made)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(given); err != nil {
		return nil, errMalformed
	}
	return made.Bytes(), nil
}

// tree is a request, which is cleaned in place.
type tree struct {
	attributes *redact.Attributes
	changed    bool
}

func (t *tree) put(in map[string]any, name, before, after string) {
	if before != after {
		in[name] = after
		t.changed = true
	}
}

// clean looks at any part of it: an attribute is known by its key, a text by its name.
func (t *tree) clean(part any) {
	switch part := part.(type) {
	case []any:
		for _, item := range part {
			t.clean(item)
		}
	case map[string]any:
		if key, is := part["key"].(string); is {
			t.pair(part, key, t.attributes.Of(key))
			return
		}
		for name, item := range part {
			text, is := item.(string)
			switch {
			case name == "body":
				t.value(part, name, t.attributes.Of(""))
			case !is:
				t.clean(item)
			case name == "name" || name == "message" || name == "description":
				t.put(part, name, text, redact.Text(text, ""))
			}
		}
	}
}

// pair is an attribute, or an item of a mapping, whose value is judged by a name.
func (t *tree) pair(pair map[string]any, key string, judged *redact.Name) {
	name := t.attributes.Of(key)
	if name.Kept {
		return
	}
	t.put(pair, "key", key, name.Shown)
	t.value(pair, "value", judged)
}

// value cleans the AnyValue in a field.
func (t *tree) value(in map[string]any, field string, name *redact.Name) {
	held, _ := in[field].(map[string]any)
	for kind, item := range held {
		text, isText := item.(string)
		switch kind {
		case "stringValue", "string_value":
			t.put(held, kind, text, name.Value(text))
		case "bytesValue", "bytes_value":
			if raw, err := base64.StdEncoding.DecodeString(text); err == nil && utf8.Valid(raw) {
				clean := name.Value(string(raw))
				if clean != string(raw) {
					t.put(held, kind, text, base64.StdEncoding.EncodeToString([]byte(clean)))
				}
			}
		case "intValue", "int_value", "doubleValue", "double_value":
			number, is := item.(json.Number)
			if isText {
				number, is = json.Number(text), true
			}
			if is && name.HidesNumber(parsed(number)) {
				in[field] = map[string]any{"stringValue": redact.Mark}
				t.changed = true
			}
		case "arrayValue", "array_value", "kvlistValue", "kvlist_value":
			t.items(item, name)
		}
	}
}

// nameOfPair is nameIn for items in JSON.
func nameOfPair(items []any) string {
	for _, each := range items {
		item, _ := each.(map[string]any)
		if key, _ := item["key"].(string); !isNameOfPair(key) {
			continue
		}
		value, _ := item["value"].(map[string]any)
		for _, field := range []string{"stringValue", "string_value"} {
			if named, is := value[field].(string); is && named != "" {
				return named
			}
		}
	}
	return ""
}

// items are those of a list or of a mapping.
func (t *tree) items(list any, outer *redact.Name) {
	held, _ := list.(map[string]any)
	values, _ := held["values"].([]any)
	named := nameOfPair(values)
	for at, each := range values {
		item, _ := each.(map[string]any)
		if key, is := item["key"].(string); is {
			t.pair(item, key, t.attributes.Inner(outer, of(key, named)))
			continue
		}
		wrapped := map[string]any{"": each}
		t.value(wrapped, "", outer)
		values[at] = wrapped[""]
	}
}
