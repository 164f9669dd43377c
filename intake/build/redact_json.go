package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"unicode/utf8"

	"botobs.dev/intake/redact"
)

// json is a request of OTLP in JSON without secrets, written anew.
func (r *redactor) json(body []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var given any
	if err := decoder.Decode(&given); err != nil {
		return nil, errMalformed
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errMalformed
	}
	var made bytes.Buffer
	encoder := json.NewEncoder(&made)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r.tree(given)); err != nil {
		return nil, errMalformed
	}
	return made.Bytes(), nil
}

// tree is any part of a request: an attribute is known by its key, a text by its name.
func (r *redactor) tree(given any) any {
	switch given := given.(type) {
	case []any:
		for at, item := range given {
			given[at] = r.tree(item)
		}
	case map[string]any:
		if key, is := given["key"].(string); is {
			return r.jsonPair(given, key, key)
		}
		for name, item := range given {
			text, is := item.(string)
			switch {
			case name == "body":
				given[name] = r.jsonValue("", item)
			case !is:
				given[name] = r.tree(item)
			case name == "name" || name == "message" || name == "description":
				given[name] = redact.Text(text, "")
			}
		}
	}
	return given
}

// jsonPair is an attribute, or an item of a mapping, whose value is judged by a name.
func (r *redactor) jsonPair(pair map[string]any, key, judged string) any {
	if r.attributes.Keeps(key) {
		return pair
	}
	pair["key"] = r.attributes.Name(key)
	if value, is := pair["value"]; is {
		pair["value"] = r.jsonValue(judged, value)
	}
	return pair
}

func (r *redactor) jsonValue(key string, value any) any {
	held, is := value.(map[string]any)
	if !is {
		return value
	}
	for kind, item := range held {
		switch kind {
		case "stringValue", "string_value":
			if text, is := item.(string); is {
				held[kind] = r.attributes.Value(key, text)
			}
		case "bytesValue", "bytes_value":
			text, _ := item.(string)
			if raw, err := base64.StdEncoding.DecodeString(text); err == nil && utf8.Valid(raw) {
				held[kind] = base64.StdEncoding.EncodeToString([]byte(r.attributes.Value(key, string(raw))))
			}
		case "intValue", "int_value", "doubleValue", "double_value":
			number, is := item.(json.Number)
			if text, isText := item.(string); isText {
				number, is = json.Number(text), true
			}
			if is && r.attributes.HidesNumber(key, parsed(number)) {
				return map[string]any{"stringValue": redact.Mark}
			}
		case "arrayValue", "array_value":
			r.items(item, func(each any) any { return r.jsonValue(key, each) })
		case "kvlistValue", "kvlist_value":
			r.items(item, func(each any) any {
				pair, is := each.(map[string]any)
				name, isNamed := pair["key"].(string)
				if !is || !isNamed {
					return each
				}
				return r.jsonPair(pair, name, r.attributes.Inner(key, name))
			})
		}
	}
	return held
}

func (r *redactor) items(list any, replace func(any) any) {
	if held, is := list.(map[string]any); is {
		if values, is := held["values"].([]any); is {
			for at, each := range values {
				values[at] = replace(each)
			}
		}
	}
}
