package main

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"botobs.dev/intake/redact"
)

func attribute(key, text string) []byte {
	return withField(withField(nil, keyField, key), valueField, view(withField(nil, textField, text)))
}

// spansOf is a request as an SDK sends it: markets and hosts that come again and again, and ids that do not.
func spansOf(count int) []byte {
	resource := []byte(nil)
	for _, each := range [][2]string{
		{"service.name", "engine"}, {"service.instance.id", "engine-0"}, {"telemetry.distro.name", "botobs"}, {"host.name", "desk-1"},
	} {
		resource = withField(resource, 1, view(attribute(each[0], each[1])))
	}
	scoped := withField(nil, 1, view(withField(nil, 1, "bench")))
	for number := range count {
		span := withField(nil, 1, fmt.Sprintf("%016d", number+1))
		span = withField(span, 2, fmt.Sprintf("%08d", number+1))
		span = withField(span, 5, "create_order binance")
		for _, each := range [][2]string{
			{"exchange.name", "binance"}, {"exchange.client", "ccxt"}, {"exchange.operation", "create_order"}, {"exchange.symbol", "BTC/USDT"},
			{"exchange.order.side", "buy"}, {"exchange.order.client_id", fmt.Sprint("bot-7-", number)}, {"server.address", "api.binance.com"},
			{"url.full", "https://api.binance.com/api/v3/order"}, {"http.request.method", "POST"}, {"strategy.note", "grid step 4 of 9"},
			{"db.query.text", fmt.Sprint("SELECT * FROM orders WHERE id = $1 AND turn = ", number)},
		} {
			span = withField(span, 9, view(attribute(each[0], each[1])))
		}
		scoped = withField(scoped, 2, view(span))
	}
	return withField(nil, 1, view(withField(withField(nil, 1, view(resource)), 2, view(scoped))))
}

func BenchmarkRequest(b *testing.B) {
	const spans = 512
	body := spansOf(spans)
	redactor := &redactor{redact.NewAttributes(nil)}
	for name, work := range map[string]func(){
		"measured":  func() { _, _ = measure("traces", body, 1<<30) },
		"redacted":  func() { redactor.protobuf("traces", body) },
		"untouched": func() { isUntouched("traces", body, time.Now()) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				work()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/spans, "ns/span")
		})
	}
}

func TestUsualRequestsAreUntouched(t *testing.T) {
	if !isUntouched("traces", spansOf(3), time.Now()) {
		t.Fatal("guards would change a usual request")
	}
}

// FuzzPair: an attribute in the usual order of its fields is left as the same one in any other order is.
func FuzzPair(f *testing.F) {
	for _, each := range [][2]string{{"password", "hunter2"}, {"note", "token=5ec4e7Abc9"}, {"url.full", "https://u:p@h/"}, {"exchange.name", "okx"}} {
		f.Add(each[0], each[1])
	}
	redactor := &redactor{redact.NewAttributes(nil)}
	f.Fuzz(func(t *testing.T, key, text string) {
		usual := redactor.pair(attribute(key, text))
		value := view(withField(nil, textField, text))
		other := redactor.pair(withField(withField(nil, valueField, value), keyField, key))
		turned := []byte(nil)
		for rest := other; len(rest) > 0; {
			field, held, after, err := next(rest)
			if err != nil {
				t.Fatal(err)
			}
			if part := withField(nil, field, view(held)); field == keyField {
				turned = append(part, turned...)
			} else {
				turned = append(turned, part...)
			}
			rest = after
		}
		if !bytes.Equal(usual, turned) {
			t.Errorf("%q: %q became %q, and %q", key, text, usual, turned)
		}
	})
}

// FuzzUntouched: what is no request of OTLP is looked at without harm.
func FuzzUntouched(f *testing.F) {
	f.Add(spansOf(2))
	f.Fuzz(func(t *testing.T, body []byte) {
		isUntouched("traces", body, time.Now())
		isUntouched("metrics", body, time.Now())
		kept := &instances{newRooms(sharesOfServices)}
		kept.join("one", body, time.Now())
		if left, joined := kept.join("one", body, time.Now()); joined == 0 && !bytes.Equal(left, body) {
			t.Errorf("%q became %q", body, left)
		}
	})
}

// FuzzTextPair: the short way finds what the long one does.
func FuzzTextPair(f *testing.F) {
	f.Add(attribute("exchange.name", "binance"))
	f.Add([]byte{10, 1, 'a', 18, 4, 10, 0, 16, 1})
	f.Fuzz(func(t *testing.T, body []byte) {
		key, text, is := textPair(body)
		// A field that no attribute has makes it too long for the short way.
		long := append(bytes.Clone(body), withField(nil, 15, string(make([]byte, 0x80)))...)
		if _, _, isAny := textPair(long); isAny {
			t.Fatalf("%q has a field more", long)
		}
		found, value := "", ""
		for rest := body; is && len(rest) > 0; {
			field, held, after, err := next(rest)
			if err != nil {
				t.Fatalf("%q is none", body)
			}
			if field == keyField {
				found = string(held)
			} else if _, inner, last, _ := next(held); len(last) == 0 {
				value = string(inner)
			}
			rest = after
		}
		if is && (found != string(key) || value != string(text)) {
			t.Errorf("%q: %q is %q, not %q: %q", body, key, text, found, value)
		}
	})
}
