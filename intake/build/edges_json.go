package main

import (
	"encoding/hex"
	"encoding/json"
	"maps"
	"time"
)

// apartJSON is apart for a request in JSON that has been read: what draws no edge stands in it behind what does, marked.
func (e *edges) apartJSON(token string, given any, now time.Time) (count int) {
	request, _ := given.(map[string]any)
	e.lock.Lock()
	defer e.lock.Unlock()
	e.expire(now)
	for _, name := range []string{"resourceSpans", "resource_spans"} {
		all, _ := request[name].([]any)
		for _, owned := range all {
			held, _ := owned.(map[string]any)
			resource, _ := held["resource"].(map[string]any)
			who := ofJSON(resource)
			if scopes := e.plainOf(token, who.service, held, now, &count); len(scopes) > 0 {
				marked := append(listOf(resource, "attributes"), map[string]any{"key": unlinkedKey, "value": map[string]any{"boolValue": true}})
				other := maps.Clone(held)
				delete(other, "scope_spans")
				other["resource"], other["scopeSpans"] = map[string]any{"attributes": marked}, scopes
				request[name] = append(request[name].([]any), other)
			}
		}
	}
	return count
}

// plainOf takes the spans that draw no edge out of what a resource has, and returns them in their scopes.
func (e *edges) plainOf(token, service string, owned map[string]any, now time.Time, count *int) (plain []any) {
	from := originOf(token, service)
	for _, scoped := range listOf(owned, "scopeSpans", "scope_spans") {
		scope, _ := scoped.(map[string]any)
		spans, _ := scope["spans"].([]any)
		kept, left := []any{}, []any{}
		for _, span := range spans {
			if one, is := halfOfJSON(span); is && service != "" && !e.draws(from, one, now) {
				left = append(left, span)
			} else {
				kept = append(kept, span)
			}
		}
		if *count += len(left); len(left) == 0 {
			continue
		}
		other := maps.Clone(scope)
		scope["spans"], other["spans"] = kept, left
		plain = append(plain, other)
	}
	return plain
}

var kindsByName = map[string]string{
	"SPAN_KIND_SERVER": "2", "SPAN_KIND_CLIENT": "3", "SPAN_KIND_PRODUCER": "4", "SPAN_KIND_CONSUMER": "5",
}

func halfOfJSON(given any) (one half, is bool) {
	span, _ := given.(map[string]any)
	kind, _ := span["kind"].(json.Number)
	if name, is := span["kind"].(string); is {
		kind = json.Number(kindsByName[name])
	}
	caller := ""
	switch kind {
	case "3", "4":
		one.isClient, caller = true, textOf(span, "spanId", "span_id")
	case "2", "5":
		caller = textOf(span, "parentSpanId", "parent_span_id")
	default:
		return one, false
	}
	// What is no hexadecimal number is refused by the collector.
	trace, _ := hex.DecodeString(textOf(span, "traceId", "trace_id"))
	own, _ := hex.DecodeString(caller)
	copy(one.key[:16], trace)
	copy(one.key[16:], own)
	for _, attribute := range listOf(span, "attributes") {
		if key, value := pairJSON(attribute); one.isClient {
			one.note(key, value)
		}
	}
	return one, true
}

// textOf is a text in a field of an object in JSON, whichever of the field's names it has.
func textOf(object map[string]any, names ...string) string {
	for _, name := range names {
		if text, is := object[name].(string); is {
			return text
		}
	}
	return ""
}
