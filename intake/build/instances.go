package main

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
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

// serviceKey is under what attribute the name of a service stands that is one of too many.
const serviceKey = "botobs.service.name"

// instead is what stands in a resource in the place of who sent it: the keys of what goes, and pairs that come.
type instead struct {
	goes  []string
	comes [][2]string
}

// join gives others' name to the instances of a measured request of spans that are too many, and says of how many resources.
func (i *instances) join(token string, body []byte, now time.Time) (left []byte, joined int) {
	return edited(body, func(field int, owned []byte) []byte {
		if field != 1 {
			return owned
		}
		return edited(owned, func(field int, resource []byte) []byte {
			if field != 1 {
				return resource
			}
			other := i.instead(token, ofProtobuf(resource), now)
			if other == nil {
				return resource
			}
			joined++
			kept := []byte(nil)
			each(resource, func(field int, held, raw []byte) bool {
				if field != 1 || held == nil || !slices.Contains(other.goes, keyOf(held)) {
					kept = append(kept, raw...)
				}
				return true
			})
			for _, pair := range other.comes {
				value := withField(nil, textField, pair[1])
				kept = withField(kept, 1, view(withField(withField(nil, keyField, pair[0]), valueField, view(value))))
			}
			return kept
		})
	}), joined
}

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

// instead is nothing for who may be counted by itself. An instance that is too many is one of its service's others; where the token has so many
// services that this one has no room, it is of the others too: a new name for each request would be as many instances.
func (i *instances) instead(token string, who whose, now time.Time) *instead {
	identity, service := who.identity(), who.namespace+"/"+who.service
	i.lock.Lock()
	defer i.lock.Unlock()
	if i.has(token, service, maphash.String(seedOfRooms, identity), now) {
		return nil
	}
	if i.of[token].services[service] == nil {
		return &instead{
			[]string{"service.name", "service.namespace", instanceKey, serviceKey},
			[][2]string{{"service.name", others}, {instanceKey, others}, {serviceKey, strings.Clone(who.service)}},
		}
	}
	if identity == "" || identity == others {
		return nil
	}
	return &instead{[]string{instanceKey}, [][2]string{{instanceKey, others}}}
}

// joinJSON is join for a request in JSON that has been read; it says of how many resources.
func (i *instances) joinJSON(token string, given any, now time.Time) (joined int) {
	for _, owned := range listOf(given, "resourceSpans", "resource_spans") {
		held, _ := owned.(map[string]any)
		resource, _ := held["resource"].(map[string]any)
		other := i.instead(token, ofJSON(resource), now)
		if other == nil || resource == nil {
			continue
		}
		joined++
		kept := []any{}
		for _, attribute := range listOf(resource, "attributes") {
			if key, _ := pairJSON(attribute); !slices.Contains(other.goes, key) {
				kept = append(kept, attribute)
			}
		}
		for _, pair := range other.comes {
			kept = append(kept, map[string]any{"key": pair[0], "value": map[string]any{"stringValue": pair[1]}})
		}
		resource["attributes"] = kept
	}
	return joined
}

// ofJSON is ofProtobuf for a resource in JSON.
func ofJSON(resource map[string]any) (who whose) {
	for _, attribute := range listOf(resource, "attributes") {
		who.note(pairJSON(attribute))
	}
	return who
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
