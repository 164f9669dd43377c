package main

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"time"
)

// The collector counts the spans of each service instance, and remembers so many instances, of all senders together: with more, the
// counters of those that were silent for longest begin anew. A service whose processes are new for each task would take every
// place. So services and tokens have a share of them (rooms.go); what further ones send is one instance. Who does not say
// which one it is goes by its place and process, as the guard of identities names it (transform/identity in collector.yaml).
type instances struct{ rooms }

// others is the `service.instance.id` of instances that are more than a service may have.
const others = "others"

const instanceKey = "service.instance.id"

// whose is what a resource says of who sends; what is no text is its bytes.
type whose struct{ service, namespace, instance, pod, container, host, process string }

func (w *whose) note(key, value string) {
	switch key {
	case "service.name":
		w.service = value
	case "service.namespace":
		w.namespace = value
	case instanceKey:
		w.instance = value
	case "k8s.pod.name":
		w.pod = value
	case "container.id":
		w.container = value
	case "host.name":
		w.host = value
	case "process.pid":
		w.process = value
	}
}

// identity is empty for who says too little to be told from others.
func (w *whose) identity() string {
	place := cmp.Or(w.pod, w.container, w.host)
	if w.instance != "" || place == "" || w.process == "" {
		return w.instance
	}
	return place + "/" + w.process
}

// join gives others' name to the instances of a measured request of spans that are too many, and says of how many resources.
func (i *instances) join(token string, body []byte, now time.Time) (left []byte, joined int) {
	return edited(body, func(field int, owned []byte) []byte {
		if field != 1 {
			return owned
		}
		return edited(owned, func(field int, resource []byte) []byte {
			if field != 1 || i.has(token, ofProtobuf(resource), now) {
				return resource
			}
			joined++
			kept := []byte(nil)
			each(resource, func(field int, attribute, raw []byte) bool {
				if field != 1 || attribute == nil || keyOf(attribute) != instanceKey {
					kept = append(kept, raw...)
				}
				return true
			})
			return withField(kept, 1, view(itsName))
		})
	}), joined
}

var itsName = withField(withField(nil, keyField, instanceKey), valueField, view(withField(nil, textField, others)))

func ofProtobuf(resource []byte) (found whose) {
	fields(resource, 1, func(attribute, _ []byte) {
		if key, text, is := textPair(attribute); is {
			found.note(view(key), view(text))
		} else {
			found.note(keyOf(attribute), view(attribute))
		}
	})
	return found
}

func (i *instances) has(token string, who whose, now time.Time) bool {
	identity := who.identity()
	if identity == "" || identity == others {
		return true
	}
	i.lock.Lock()
	defer i.lock.Unlock()
	return i.rooms.has(token, who.namespace+"/"+who.service, maphash.String(seedOfRooms, identity), now)
}

// joinJSON is join for a request in JSON that has been read; it says of how many resources.
func (i *instances) joinJSON(token string, given any, now time.Time) (joined int) {
	for _, owned := range listOf(given, "resourceSpans", "resource_spans") {
		held, _ := owned.(map[string]any)
		resource, _ := held["resource"].(map[string]any)
		if who, kept := ofJSON(resource); !i.has(token, who, now) {
			resource["attributes"] = append(kept, map[string]any{"key": instanceKey, "value": map[string]any{"stringValue": others}})
			joined++
		}
	}
	return joined
}

// ofJSON is ofProtobuf for a resource in JSON, and its attributes without the instance.
func ofJSON(resource map[string]any) (who whose, kept []any) {
	kept = []any{}
	for _, attribute := range listOf(resource, "attributes") {
		key, value := pairJSON(attribute)
		if who.note(key, value); key != instanceKey {
			kept = append(kept, attribute)
		}
	}
	return who, kept
}

// pairJSON is an attribute in JSON; what is no text is printed.
func pairJSON(attribute any) (key, text string) {
	pair, _ := attribute.(map[string]any)
	value, _ := pair["value"].(map[string]any)
	key, _ = pair["key"].(string)
	text, is := cmp.Or(value["stringValue"], value["string_value"]).(string)
	if !is {
		text = fmt.Sprint(value)
	}
	return key, text
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
