package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

func spanOf(service, instance string) []byte {
	resource := withField(withField(nil, 1, view(attribute("service.name", service))), 1, view(attribute(instanceKey, instance)))
	return withField(nil, 1, view(withField(nil, 1, view(resource))))
}

func TestOneServiceTakesAQuarterOfTheInstances(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	kept := &instances{newRooms(40)}
	expect := func(isOne bool, service, instance string, at time.Time) {
		t.Helper()
		body := spanOf(service, instance)
		wanted := instance
		if isOne {
			wanted = others
		}
		left, joined := kept.join("one", body, at)
		if string(left) != string(spanOf(service, wanted)) || (joined == 1) != isOne {
			t.Errorf("%s of %s became %q", instance, service, left)
		}
		written := fmt.Sprintf(`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":%q}},`+
			`{"key":"service.instance.id","value":{"stringValue":%%q}}]}}]}`, service)
		var given any
		if err := json.Unmarshal(fmt.Appendf(nil, written, instance), &given); err != nil {
			t.Fatal(err)
		}
		kept.joinJSON("one", given, at)
		if made, _ := json.Marshal(given); string(made) != string(fmt.Appendf(nil, `{"resourceSpans":[{"resource":{"attributes":[`+
			`{"key":"service.name","value":{"stringValue":%q}},{"key":"service.instance.id","value":{"stringValue":%q}}]}}]}`, service, wanted)) {
			t.Errorf("in JSON, %s of %s became %s", instance, service, made)
		}
	}
	for number := range 20 {
		expect(number >= 10, "tasks", fmt.Sprint("task-", number), now)
	}
	// Those that it has go on, and a neighbour has its own.
	expect(false, "tasks", "task-3", now)
	expect(false, "neighbour", "one", now)
	expect(false, "tasks", others, now)
	// The collector has forgotten them.
	expect(false, "tasks", "task-20", now.Add(2*time.Hour))
}

func TestWhoSaysNoInstanceGoesByItsProcess(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	kept := &instances{newRooms(40)}
	body := func(process int) []byte {
		resource := []byte(nil)
		for _, pair := range [][2]string{{"service.name", "jobs"}, {"host.name", "desk"}, {"process.pid", fmt.Sprint(process)}} {
			resource = withField(resource, 1, view(attribute(pair[0], pair[1])))
		}
		return withField(nil, 1, view(withField(nil, 1, view(resource))))
	}
	for process := range 20 {
		left, joined := kept.join("one", body(process), now)
		found := whose{}
		fields(left, 1, func(owned, _ []byte) {
			fields(owned, 1, func(resource, _ []byte) { found = ofProtobuf(resource) })
		})
		if (joined == 1) != (process >= 10) || (found.instance == others) != (process >= 10) || found.host != "desk" {
			t.Errorf("process %d became %+v", process, found)
		}
	}
}

func TestNamesOfServicesWithoutEndAreOneInstance(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	kept := &instances{newRooms(40)}
	kept.join("two", spanOf("neighbour", "one"), now)
	names, inJSON := map[string]bool{}, map[string]bool{}
	for number := range 2_000 {
		service := fmt.Sprint("made-up-", number)
		left, _ := kept.join("one", spanOf(service, "one"), now)
		fields(left, 1, func(owned, _ []byte) {
			fields(owned, 1, func(resource, _ []byte) {
				found := ofProtobuf(resource)
				names[found.service+" "+found.instance] = true
				if found.service == others && !bytes.Contains(resource, []byte(service)) {
					t.Fatalf("who sent it is lost of %q", resource)
				}
			})
		})
		resource := map[string]any{"attributes": []any{
			map[string]any{"key": "service.name", "value": map[string]any{"stringValue": service}},
		}}
		kept.joinJSON("one", map[string]any{"resourceSpans": []any{map[string]any{"resource": resource}}}, now)
		found := ofJSON(resource)
		inJSON[found.service+" "+found.instance] = true
	}
	if most := 20 + mostServices + 1; len(names) > most || len(inJSON) > most {
		t.Errorf("%d and %d instances of 40", len(names), len(inJSON))
	}
	if left, joined := kept.join("two", spanOf("neighbour", "two"), now); joined > 0 || !bytes.Equal(left, spanOf("neighbour", "two")) {
		t.Error("a neighbour has lost its place")
	}
}
