package main

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"strings"
	"time"
)

// The collector counts the spans of each service instance, and remembers so many instances, of all senders together: with more, the
// counters of those that were silent for longest begin anew. A service whose processes are new for each task would take every
// place. So each service may have a quarter of them within an hour; what further ones send is one instance.
type instances struct{ rooms }

// others is the `service.instance.id` of instances that are more than a service may have.
const others = "others"

const instanceKey = "service.instance.id"

// join gives others' name to the instances of a measured request of spans that are too many, and says of how many resources.
func (i *instances) join(body []byte, now time.Time) (left []byte, joined int) {
	return edited(body, func(field int, owned []byte) []byte {
		if field != 1 {
			return owned
		}
		return edited(owned, func(field int, resource []byte) []byte {
			if field != 1 || i.has(resource, now) {
				return resource
			}
			joined++
			return edited(resource, func(field int, attribute []byte) []byte {
				if field != 1 || keyOf(attribute) != instanceKey {
					return attribute
				}
				return withField(withField(nil, keyField, instanceKey), valueField, view(withField(nil, textField, others)))
			})
		})
	}), joined
}

// has says whether the instance of a resource is one of those that its service may have.
func (i *instances) has(resource []byte, now time.Time) bool {
	service, instance := "", ""
	fields(resource, 1, func(attribute, _ []byte) {
		switch keyOf(attribute) {
		case "service.name":
			if _, text, is := textPair(attribute); is {
				service = view(text)
			}
		case instanceKey:
			// A number is one too.
			if instance = view(attribute); isTextPair(attribute) {
				_, text, _ := textPair(attribute)
				instance = view(text)
			}
		}
	})
	return i.mayHave(service, instance, now)
}

func (i *instances) mayHave(service, instance string, now time.Time) bool {
	if instance == "" || instance == others {
		return true
	}
	i.lock.Lock()
	defer i.lock.Unlock()
	return i.place(strings.Clone(service)).has(maphash.String(seedOfRooms, instance), now, i.each)
}

// joinJSON is join for a request in JSON that has been read; it says of how many resources.
func (i *instances) joinJSON(given any, now time.Time) (joined int) {
	for _, owned := range listOf(given, "resourceSpans", "resource_spans") {
		held, _ := owned.(map[string]any)
		service, instance := "", ""
		var its map[string]any
		for _, attribute := range listOf(held["resource"], "attributes") {
			pair, _ := attribute.(map[string]any)
			value, _ := pair["value"].(map[string]any)
			text, _ := cmp.Or(value["stringValue"], value["string_value"]).(string)
			switch pair["key"] {
			case "service.name":
				service = text
			case instanceKey:
				if its, instance = pair, text; text == "" {
					instance = fmt.Sprint(value)
				}
			}
		}
		if !i.mayHave(service, instance, now) {
			its["value"] = map[string]any{"stringValue": others}
			joined++
		}
	}
	return joined
}

// listOf is a list in a field of an object in JSON, whichever of the field's names it has.
func listOf(object any, names ...string) (list []any) {
	held, _ := object.(map[string]any)
	for _, name := range names {
		items, _ := held[name].([]any)
		list = append(list, items...)
	}
	return list
}
