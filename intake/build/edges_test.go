package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// call is one side of a call in a test: who made it, of which trace and calling span, and its attributes.
type call struct {
	service    string
	kind       byte
	number     uint64
	attributes [][2]string
}

func (c call) span() []byte {
	trace, span := make([]byte, 16), make([]byte, 8)
	binary.BigEndian.PutUint64(trace, c.number+1)
	binary.BigEndian.PutUint64(span, c.number+1)
	made := withField(nil, 1, view(trace))
	if c.kind == clientKind || c.kind == producerKind {
		made = withField(made, 2, view(span))
	} else {
		made = withField(withField(made, 2, "servspan"), 4, view(span))
	}
	made = append(made, 6<<3, c.kind)
	for _, each := range c.attributes {
		made = withField(made, 9, view(attribute(each[0], each[1])))
	}
	return made
}

func (c call) resource() []byte { return withField(nil, 1, view(attribute("service.name", c.service))) }

func callsOf(calls ...call) (body []byte) {
	for _, each := range calls {
		owned := withField(withField(nil, 1, view(each.resource())), 2, view(withField(nil, 2, view(each.span()))))
		body = withField(body, 1, view(owned))
	}
	return body
}

var beginning = time.Unix(1_700_000_000, 0)

// unpaired sends calls that nobody answers for, one a request, and says how many may draw an edge.
func unpaired(kept *edges, token, service string, from, count int) (drawn int) {
	for number := range count {
		_, _, plain := kept.apart(token, callsOf(call{service, clientKind, uint64(from + number), nil}), beginning)
		drawn += 1 - plain
	}
	return drawn
}

func TestOneServiceLeavesHalfOfTheWaitingPlaces(t *testing.T) {
	kept := newEdges(2*1_000, 1_000)
	if drawn := unpaired(kept, "one", "hog", 0, 5_000); drawn != 500 {
		t.Errorf("one service was given %d of 1,000", drawn)
	}
	// Of another service, with the same token or another one.
	for number, token := range []string{"one", "two"} {
		if drawn := unpaired(kept, token, fmt.Sprint("neighbour-", number), 10_000*(number+1), 100); drawn != 100 {
			t.Errorf("of the neighbour's 100 calls with token %s %d draw an edge", token, drawn)
		}
	}
	// The collector has forgotten what waited, and counts the next ones.
	later := beginning.Add((waitsSeconds + 1) * time.Second)
	if _, _, plain := kept.apart("one", callsOf(call{"hog", clientKind, 9_000, nil}), later); plain != 0 {
		t.Error("who had too many gets no place when they wait no longer")
	}
	if kept.order.Len() != 1 || len(kept.waiting) != 1 || len(kept.held) != 2 {
		t.Errorf("%d, %d and %d are remembered of one", kept.order.Len(), len(kept.waiting), len(kept.held))
	}
}

func TestWhatCompletesAPairTakesNoPlace(t *testing.T) {
	kept := newEdges(2*100, 1_000)
	unpaired(kept, "one", "hog", 0, 1_000)
	// A neighbour has called it before it had too many: the answering half passes, and gives the place back.
	kept.apart("one", callsOf(call{"neighbour", clientKind, 5_000, nil}), beginning)
	before := kept.order.Len()
	if _, _, plain := kept.apart("one", callsOf(call{"hog", serverKind, 5_000, nil}), beginning); plain != 0 || kept.order.Len() != before-1 {
		t.Error("a neighbour's call is left without its other half")
	}
	// The same half again, as of a request that is sent twice, and a query of a database.
	held := kept.order.Len()
	for _, each := range []call{{"hog", clientKind, 3, nil}, {"hog", clientKind, 7_000, [][2]string{{"db.namespace", "trading"}}}} {
		if _, _, plain := kept.apart("one", callsOf(each), beginning); plain != 0 || kept.order.Len() != held {
			t.Errorf("%+v takes a place", each)
		}
	}
}

func TestSomeHogsAndMadeUpServicesLeavePlaces(t *testing.T) {
	kept := newEdges(2*1_000, 10_000)
	for round := range 400 {
		for hog := range 3 {
			unpaired(kept, "one", fmt.Sprint("hog-", hog), 1_000_000*(hog+1)+round*10, 10)
		}
	}
	if drawn := unpaired(kept, "one", "neighbour", 0, 100); drawn != 100 {
		t.Errorf("beside three of its token a neighbour's %d of 100 draw an edge", drawn)
	}
	kept = newEdges(2*1_000, 10_000)
	for number := range 5_000 {
		unpaired(kept, "bomb", fmt.Sprint("made-up-", number), 10_000+number, 1)
	}
	if drawn := unpaired(kept, "other", "neighbour", 0, 50); drawn != 50 {
		t.Errorf("beside names without end %d of 50 draw an edge", drawn)
	}
}

func TestEdgesWithoutEndAreBoundedByService(t *testing.T) {
	kept := newEdges(2*100_000, 400)
	drawn := 0
	for number := range 1_000 {
		to := [][2]string{{"server.address", fmt.Sprint("host-", number)}}
		_, _, plain := kept.apart("one", callsOf(call{"hog", clientKind, uint64(number), to}), beginning)
		drawn += 1 - plain
	}
	if drawn != 100 {
		t.Errorf("%d edges of 400 were given to one service", drawn)
	}
	to := [][2]string{{"exchange.name", "kraken"}, {"server.address", "host"}}
	if _, _, plain := kept.apart("one", callsOf(call{"neighbour", clientKind, 2_000, to}), beginning); plain != 0 {
		t.Error("a neighbour's edge is not drawn")
	}
}

func TestARequestIsPartedWithoutLosingASpan(t *testing.T) {
	kept := newEdges(2*4, 100)
	calls := []call{{"hog", clientKind, 1, nil}, {"hog", clientKind, 2, nil}, {"hog", clientKind, 3, nil}, {"hog", 1, 4, nil}, {"hog", clientKind, 5, nil}}
	scoped := []byte(nil)
	for _, each := range calls {
		scoped = withField(scoped, 2, view(each.span()))
	}
	body := withField(nil, 1, view(withField(withField(nil, 1, view(calls[0].resource())), 2, view(scoped))))
	drawn, plain, count := kept.apart("one", body, beginning)
	if count != 2 || len(spansIn(drawn)) != 3 || len(spansIn(plain)) != 2 {
		t.Fatalf("%d, %d and %d", count, len(spansIn(drawn)), len(spansIn(plain)))
	}
	for number, wanted := range map[int][]byte{0: calls[2].span(), 1: calls[4].span()} {
		if !bytes.Equal(spansIn(plain)[number], wanted) {
			t.Errorf("%d is another span", number)
		}
	}
	marked := unlinked(plain)
	if isUntouched("traces", marked, beginning) || !bytes.Contains(marked, []byte(unlinkedKey)) || len(spansIn(marked)) != 2 {
		t.Error("guards do not see what draws no edge")
	}
}

func spansIn(body []byte) (found [][]byte) {
	fields(body, 1, func(owned, _ []byte) {
		fields(owned, 2, func(scoped, _ []byte) {
			fields(scoped, 2, func(span, _ []byte) { found = append(found, span) })
		})
	})
	return found
}

func TestAJSONRequestIsPartedWithinItself(t *testing.T) {
	kept := newEdges(2*2, 100)
	var given any
	written := `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"hog"}}]},"scopeSpans":[{"scope":{"name":"own"},
		"spans":[{"traceId":"01","spanId":"01","kind":3},{"traceId":"02","spanId":"02","kind":"SPAN_KIND_CLIENT"},{"traceId":"03","spanId":"03","kind":1}]}]}]}`
	decoder := json.NewDecoder(bytes.NewReader([]byte(written)))
	decoder.UseNumber()
	if err := decoder.Decode(&given); err != nil {
		t.Fatal(err)
	}
	if count := kept.apartJSON("one", given, beginning); count != 1 {
		t.Fatalf("%d draw no edge", count)
	}
	resources := listOf(given, "resourceSpans")
	if len(resources) != 2 {
		t.Fatalf("%d resources", len(resources))
	}
	for number, wanted := range []string{
		`"spans":[{"kind":3,"spanId":"01","traceId":"01"},{"kind":1,"spanId":"03","traceId":"03"}]`,
		`"spans":[{"kind":"SPAN_KIND_CLIENT","spanId":"02","traceId":"02"}]`,
	} {
		made, _ := json.Marshal(resources[number])
		if !bytes.Contains(made, []byte(wanted)) || !bytes.Contains(made, []byte(`"scope":{"name":"own"}`)) ||
			bytes.Contains(made, []byte(unlinkedKey)) != (number == 1) {
			t.Errorf("%s", made)
		}
	}
}
