package main

import (
	"fmt"
	"testing"
	"time"
)

func TestATokenThatMakesUpServicesTakesHalf(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	kept := newRooms(400)
	// Alone it may have all, in its services' quarters.
	for number := range 300 {
		if !kept.has("bomb", fmt.Sprint("made-up-", number), uint64(number), now) {
			t.Fatalf("%d was refused", number)
		}
	}
	if !kept.has("neighbour", "engine", 1, now) {
		t.Error("a neighbour's first was refused")
	}
	if kept.has("bomb", "one-more", 999, now) {
		t.Error("more than half was given beside a neighbour")
	}
	if !kept.has("bomb", "made-up-7", 7, now) {
		t.Error("what was there lost its place")
	}
	for number := range 100 {
		if !kept.has("neighbour", "engine", uint64(number), now) {
			t.Fatalf("the neighbour's %d was refused", number)
		}
	}
	if kept.has("neighbour", "engine", 100, now) {
		t.Error("a service was given more than a quarter")
	}
	// The collector has forgotten them.
	if later := now.Add(2 * time.Hour); !kept.has("bomb", "one-more", 999, later) || !kept.has("neighbour", "engine", 100, later) {
		t.Error("what was forgotten keeps a place")
	}
}

func TestEndlessNamesOfServicesAreBoundedByToken(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	kept := newRooms(100_000)
	for number := range 5_000 {
		kept.has("bomb", fmt.Sprint("made-up-", number), uint64(number), now)
	}
	if count := len(kept.of["bomb"].services); count > mostServices+1 {
		t.Errorf("%d rooms", count)
	}
	if !kept.has("neighbour", "engine", 1, now) || len(kept.of["neighbour"].services[""]) > 0 {
		t.Error("a neighbour shares a room with them")
	}
}
