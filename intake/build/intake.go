package main

import (
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// maxBody bounds a request, as it comes and unpacked. What it will take in the collector is bounded by a part of all memory,
// so that with both bodies it is within a token's half, and a request that may come at all is never too large to come.
const (
	maxBody      = 16 << 20
	memoryShares = 4
)

// intake lets in what has a token, is small enough, and names the token's services.
type intake struct {
	tokens      *tokens
	forward     *forwarder
	guard       *guard
	redactor    *redactor
	figures     *figures
	deltas      *deltas
	instances   *instances
	edges       *edges
	memory      *budget
	turns       *turns
	bodyTimeout time.Duration
}

// refusal is why a request is not passed on, in the words of HTTP; gRPC's are derived.
type refusal struct {
	status int
	reason string
	text   string
}

func (r refusal) Error() string { return r.text }

var (
	noToken = refusal{http.StatusUnauthorized, "token", "no valid token"}
	noPlace = refusal{http.StatusNotFound, "unknown", "nothing is taken here: POST to /v1/traces, /v1/metrics or " +
		"/v1/logs (OTEL_EXPORTER_OTLP_ENDPOINT is the address without these), or the same over gRPC"}
	crowded   = refusal{http.StatusServiceUnavailable, "connections", "too many connections with this token"}
	busy      = refusal{http.StatusServiceUnavailable, "memory", "busy: send it again later"}
	tooLarge  = refusal{http.StatusRequestEntityTooLarge, "too_large", "too large, as it came, unpacked or in memory: send less at a time"}
	tooSlow   = refusal{http.StatusRequestTimeout, "body_timeout", "the body came too slowly"}
	silent    = refusal{http.StatusServiceUnavailable, "collector", "the collector does not answer: send it again later"}
	malformed = refusal{http.StatusBadRequest, "malformed", errMalformed.Error()}
	packed    = refusal{http.StatusUnsupportedMediaType, "unknown", "this encoding is not taken: set gzip, deflate or none " +
		"(OTEL_EXPORTER_OTLP_COMPRESSION=gzip; in the exporter of a collector, compression: gzip)"}
)

// encodings are those that are taken, as both protocols tell them to whoever comes with another one.
const encodings = "identity, gzip, deflate"

var signals = map[string]string{
	"/v1/traces":  "traces",
	"/v1/metrics": "metrics",
	"/v1/logs":    "logs",
	"/opentelemetry.proto.collector.trace.v1.TraceService/Export":     "traces",
	"/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": "metrics",
	"/opentelemetry.proto.collector.logs.v1.LogsService/Export":       "logs",
}

func (i *intake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply := replyTo(w, r)
	control := http.NewResponseController(w)
	known, err := i.admit(r)
	if err != nil {
		// Nothing of the body is read; a stranger's next word needs another connection.
		_ = control.SetReadDeadline(time.Now())
		w.Header().Set("Connection", "close")
		i.refuse(reply, nil, err)
		return
	}
	_ = control.SetReadDeadline(time.Now().Add(i.bodyTimeout))
	share := i.memory.share(known.id)
	defer share.release()
	place := i.turns.place(known.id)
	defer place.end()
	// Whoever sends counts, be it little.
	i.turns.look(known.id)
	signal, body, found, err := i.take(reply, r, known, share, place)
	if err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = tooSlow
		}
		share.release()
		place.end()
		i.refuse(reply, known, err)
		return
	}
	_ = control.SetReadDeadline(time.Time{})
	if found.bytes > heavyBytes && place.take(r.Context()) != nil {
		return
	}
	i.figures.accept(found.rejected)
	if found.rejected > 0 {
		slog.Warn("points were taken out: "+whyRejected, "service", found.services, "points", found.rejected)
	}
	if err := i.forward.send(reply, r, signal, body, found); err != nil {
		i.refuse(reply, known, err)
	}
}

func (i *intake) admit(r *http.Request) (*token, error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	known := i.tokens.find(strings.TrimSpace(secret))
	if known == nil || !strings.EqualFold(scheme, "bearer") {
		return nil, noToken
	}
	if from, ok := r.Context().Value(connKey{}).(*conn); ok && !i.guard.authenticated(from, known.id) {
		return nil, crowded
	}
	return known, nil
}

// take reads a request, measures it, and takes secrets out of it.
func (i *intake) take(reply reply, r *http.Request, known *token, share *share, place *place) (signal string, body []byte, found *measured, err error) {
	signal = signals[r.URL.Path]
	if signal == "" || r.Method != http.MethodPost {
		return "", nil, nil, noPlace
	}
	if r.ContentLength > maxBody {
		return "", nil, nil, tooLarge
	}
	body, err = reply.body(r, share, func() error { return place.take(r.Context()) })
	if err != nil {
		return "", nil, nil, err
	}
	limit := i.memory.total / memoryShares
	if isJSON(r) {
		found, err = measureJSON(body, limit, known.services != nil)
	} else {
		found, err = measure(signal, body, limit)
	}
	switch {
	case errors.Is(err, errTooLarge):
		return "", nil, nil, tooLarge
	case err != nil:
		return "", nil, nil, malformed
	case !share.grow(found.bytes):
		return "", nil, nil, busy
	}
	if err := mayName(known, found); err != nil {
		return "", nil, nil, err
	}
	if found.deltas {
		found.rejected += i.deltas.takeOut(known.id, body, time.Now())
	}
	joined, unlinked := 0, 0
	if isJSON(r) {
		body, err = i.redactor.json(body, func(given any) bool {
			joined = i.instances.joinJSON(known.id, given, time.Now())
			unlinked = i.edges.apartJSON(known.id, given, time.Now())
			return joined+unlinked > 0
		})
	} else {
		if signal == "traces" {
			body, joined = i.instances.join(known.id, body, time.Now())
		}
		body = i.redactor.protobuf(signal, body)
		if signal == "traces" {
			body, found.plain, unlinked = i.edges.apart(known.id, body, time.Now())
		}
	}
	if unlinked > 0 {
		i.figures.unlink(unlinked)
		slog.Warn("spans draw no edge: more wait for the other end of their call, or more edges are drawn, than a service or a token may have",
			"token", known.id, "service", found.services, "spans", unlinked)
	}
	if joined > 0 {
		i.figures.join(joined)
		slog.Warn("instances are more than a quarter of BOTOBS_SPAN_METRICS_INSTANCES for a service, or half for a token: counted as one",
			"token", known.id, "service", found.services, "resources", joined)
	}
	return signal, body, found, err
}

func isJSON(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), jsonType)
}

func mayName(known *token, found *measured) error {
	if known.services == nil {
		return nil
	}
	foreign := ""
	for _, service := range found.services {
		if !known.mayName(service) {
			foreign = service
		}
	}
	if foreign == "" && !found.unnamed {
		return nil
	}
	return refusal{http.StatusForbidden, "service",
		"this token does not speak for service.name " + strconv.QuoteToASCII(foreign[:min(len(foreign), 100)])}
}

func (i *intake) refuse(reply reply, known *token, err error) {
	var said refusal
	if !errors.As(err, &said) {
		said = malformed
	}
	i.figures.refuse(said.reason)
	if known != nil {
		// Whoever sends what is refused again and again does so at a pace that costs nobody anything.
		time.Sleep(100 * time.Millisecond)
	}
	// A stranger decides how often; who has a token can be named, and asked.
	if known != nil && said.status != http.StatusServiceUnavailable {
		slog.Warn("refused", "service", known.service, "token", known.id, "reason", said.reason, "text", said.text)
	}
	reply.refuse(said)
}

// read takes all of a stream, and of the share what it needs for that. It asks whether it may go on when there is much. What is
// expected is taken at once, within a bound: somebody may announce much and send nothing.
func read(from io.Reader, share *share, expected int64, much func() error) ([]byte, error) {
	body := make([]byte, 0, min(max(expected+1, 16<<10), 512<<10))
	if !share.grow(int64(cap(body))) {
		return nil, busy
	}
	for {
		if len(body) == cap(body) {
			if len(body) >= maxBody {
				return nil, tooLarge
			}
			if len(body) >= heavyUnpacked && much != nil {
				if err := much(); err != nil {
					return nil, err
				}
				much = nil
			}
			if !share.grow(int64(cap(body))) {
				return nil, busy
			}
			body = append(make([]byte, 0, 2*cap(body)), body...)
		}
		size, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+size]
		if err == io.EOF {
			if len(body) > maxBody {
				return nil, tooLarge
			}
			return body, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// unpacked is a stream without its encoding. The decoder reads what has come already: it waits for nobody.
func unpacked(from io.Reader, encoding string) (io.Reader, error) {
	switch strings.ToLower(encoding) {
	case "", "identity":
		return from, nil
	case "gzip", "x-gzip":
		return gzip.NewReader(from)
	case "deflate", "zlib":
		return zlib.NewReader(from)
	}
	return nil, packed
}

// frame takes the one message out of a call of gRPC: a flag, a length, and so many bytes.
func frame(body []byte) (message []byte, isPacked bool, err error) {
	if len(body) < 5 || body[0] > 1 || int(binary.BigEndian.Uint32(body[1:5])) != len(body)-5 {
		return nil, false, malformed
	}
	return body[5:], body[0] == 1, nil
}

// fault turns an unpacker's error into a refusal.
func fault(err error) error {
	var corrupt flate.CorruptInputError
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, zlib.ErrHeader) ||
		errors.Is(err, zlib.ErrChecksum) || errors.As(err, &corrupt) || errors.Is(err, io.ErrUnexpectedEOF) {
		return malformed
	}
	return err
}
