package main

import (
	"fmt"
	"testing"
	"time"
)

// deltasOf is a request of a counter with so many series, from a number on.
func deltasOf(service string, from, count int, temporality byte) []byte {
	resource := withField(nil, 1, view(attribute("service.name", service)))
	sum := []byte(nil)
	for number := from; number < from+count; number++ {
		sum = withField(sum, 1, view(withField(nil, 7, view(attribute("order", fmt.Sprint(number))))))
	}
	sum = append(sum, 2<<3, temporality)
	metric := withField(withField(nil, 1, "orders"), sumField, view(sum))
	scoped := withField(nil, 2, view(metric))
	return withField(nil, 1, view(withField(withField(nil, 1, view(resource)), 2, view(scoped))))
}

func TestOneServiceTakesAQuarterOfTheSeriesOfDeltas(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	kept := &deltas{newRooms(400)}
	expect := func(wanted int, service string, from, count int, temporality byte, at time.Time) {
		t.Helper()
		body := deltasOf(service, from, count, temporality)
		found, err := measure("metrics", body, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if !found.deltas && wanted > 0 {
			t.Fatal("not seen to hold deltas")
		}
		if taken := kept.takeOut("one", body, at); taken != wanted {
			t.Errorf("%d points were taken out, not %d", taken, wanted)
		}
		left := 0
		fields(body, 1, func(owned, _ []byte) {
			fields(owned, 2, func(scoped, _ []byte) {
				fields(scoped, 2, func(metric, _ []byte) {
					fields(metric, sumField, func(sum, _ []byte) { fields(sum, 1, func(_, _ []byte) { left++ }) })
				})
			})
		})
		if left+wanted != count {
			t.Errorf("%d points of %d are left", left, count)
		}
	}
	expect(50, "bomb", 0, 150, 1, now)
	// Those that it has go on, and a neighbour has its own.
	expect(0, "bomb", 0, 100, 1, now)
	expect(1, "bomb", 999, 1, 1, now)
	expect(0, "neighbour", 0, 100, 1, now)
	// What is no delta takes no place.
	expect(0, "bomb", 0, 150, cumulative, now)
	// The collector has forgotten them.
	expect(0, "bomb", 500, 100, 1, now.Add(2*time.Hour))
}
