package main

import (
	"encoding/binary"
	"math"
)

// An exponential histogram's point whose count is not that of its buckets contradicts itself, and Prometheus refuses the whole
// request for one of these. The collector can add buckets up, by a function that is experimental and costs most of its guards; here
// it is done in passing, for protobuf. A point that contradicts itself is taken out in place: its tag becomes that of a field that
// OTLP does not have, which readers skip.
// https://github.com/prometheus/prometheus/blob/v3.16.0/model/histogram/histogram.go (Validate)

const (
	tagOfPoint  = 1<<3 | 2
	tagOfNobody = 15<<3 | 2
)

// isSound says whether Prometheus would take a point of an exponential histogram.
func isSound(point []byte) (bool, error) {
	var count, zero, inBuckets, flags uint64
	sum, overflow := 0.0, false
	for rest := point; len(rest) > 0; {
		before := rest
		field, held, after, err := next(rest)
		if err != nil {
			return false, err
		}
		rest = after
		value := before[:len(before)-len(after)]
		switch {
		case field == 4 && len(value) >= 8:
			count = binary.LittleEndian.Uint64(value[len(value)-8:])
		case field == 5 && len(value) >= 8:
			sum = math.Float64frombits(binary.LittleEndian.Uint64(value[len(value)-8:]))
		case field == 7 && len(value) >= 8:
			zero = binary.LittleEndian.Uint64(value[len(value)-8:])
		case field == 10 && held == nil:
			_, size := binary.Uvarint(value)
			flags, _ = binary.Uvarint(value[size:])
		case (field == 8 || field == 9) && held != nil:
			added, fits, err := observations(held)
			if err != nil {
				return false, err
			}
			inBuckets += added
			overflow = overflow || !fits || inBuckets < added
		}
	}
	if flags&1 == 1 {
		// "No recorded value": the figures mean nothing.
		return true, nil
	}
	all := inBuckets + zero
	if overflow || all < zero {
		return false, nil
	}
	// What is not a number is counted and is in no bucket.
	return all == count || math.IsNaN(sum) && all < count, nil
}

// observations adds up the buckets of one side: packed numbers, or single ones.
func observations(buckets []byte) (all uint64, fits bool, err error) {
	fits = true
	add := func(value uint64) {
		all += value
		fits = fits && all >= value
	}
	for len(buckets) > 0 {
		field, held, after, err := next(buckets)
		if err != nil {
			return 0, false, err
		}
		value := buckets[:len(buckets)-len(after)]
		buckets = after
		if field != 2 {
			continue
		}
		if held == nil {
			_, size := binary.Uvarint(value)
			single, _ := binary.Uvarint(value[size:])
			add(single)
			continue
		}
		for len(held) > 0 {
			packed, size := binary.Uvarint(held)
			if size <= 0 {
				return 0, false, errMalformed
			}
			add(packed)
			held = held[size:]
		}
	}
	return all, fits, nil
}
