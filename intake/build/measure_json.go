package main

import (
	"bytes"
	"encoding/json"
)

// measureJSON does for OTLP in JSON what measure does for protobuf. Names are looked for in every object: a key that stands
// twice is seen twice.
func measureJSON(body []byte, limit int64, names bool) (*measured, error) {
	found := &measured{limit: limit, bytes: int64(len(body))}
	found.bytes += int64(bytes.Count(body, []byte{'{'}))*itemBytes/2 + int64(bytes.Count(body, []byte{','}))*fieldBytes*4
	if found.bytes > limit {
		return nil, errTooLarge
	}
	if names {
		decoder := json.NewDecoder(bytes.NewReader(body))
		if _, err := found.object(decoder, 0); err != nil {
			return nil, errMalformed
		}
		found.unnamed = found.unnamed || len(found.services) == 0
	}
	return found, nil
}

// object reads one value. An object's texts come back by key; those of the objects in it, by its own key before theirs.
func (m *measured) object(decoder *json.Decoder, depth int) (map[string][]string, error) {
	if depth > maxDepth {
		return nil, errMalformed
	}
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	texts := map[string][]string{}
	switch token {
	case json.Delim('{'):
		for decoder.More() {
			key, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			inner, err := m.object(decoder, depth+1)
			if err != nil {
				return nil, err
			}
			name, _ := key.(string)
			for below, held := range inner {
				if below != "" && name != "value" {
					continue
				}
				texts[name+below] = append(texts[name+below], held...)
			}
		}
		m.note(texts)
	case json.Delim('['):
		for decoder.More() {
			if _, err := m.object(decoder, depth+1); err != nil {
				return nil, err
			}
		}
	default:
		if text, ok := token.(string); ok {
			texts[""] = []string{text}
		}
		return texts, nil
	}
	_, err = decoder.Token()
	return texts, err
}

func (m *measured) note(texts map[string][]string) {
	for _, key := range texts["key"] {
		if key != "service.name" {
			continue
		}
		values := append(texts["valuestringValue"], texts["valuestring_value"]...)
		m.services = append(m.services, values...)
		m.unnamed = m.unnamed || len(values) == 0
	}
}
