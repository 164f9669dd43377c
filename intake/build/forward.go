package main

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net/http"
	"time"
)

// forwarder gives requests to the collector, which knows this program by its certificate.
type forwarder struct {
	client *http.Client
	// guarded is where guards look at a request; behind is where it goes that they would leave as it is, and apart where such spans go that
	// draw no edge.
	guarded, behind, apart string
	linked, unlinked       *joiner
}

func newForwarder(guarded, behind, apart, secrets string) (*forwarder, error) {
	roots, err := authorities(secrets + "/ca.pem")
	if err != nil {
		return nil, err
	}
	own := newPair(secrets+"/intake.pem", secrets+"/intake.key")
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS13,
			RootCAs:    roots,
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				return own.current()
			},
		},
		MaxIdleConnsPerHost: 64,
		// A usual request goes out in one write.
		WriteBufferSize: 128 << 10,
		// Before the collector closes it, which takes one that is idle away after a minute.
		IdleConnTimeout:     30 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
		DisableCompression:  true,
	}
	made := &forwarder{client: &http.Client{Transport: transport}, guarded: guarded, behind: behind, apart: apart}
	made.linked, made.unlinked = made.joinerTo(behind), made.joinerTo(apart)
	return made, nil
}

func (f *forwarder) joinerTo(address string) *joiner {
	return &joiner{send: func(ctx context.Context, parts [][]byte) answer {
		return f.post(ctx, address+"/v1/traces", protobufType, parts)
	}}
}

const (
	protobufType = "application/x-protobuf"
	jsonType     = "application/json"
)

// send waits as long as the sender does: a collector whose queues are full holds senders back.
func (f *forwarder) send(reply reply, r *http.Request, signal string, body []byte, found *measured) error {
	var said answer
	switch {
	case isJSON(r):
		said = f.post(r.Context(), f.guarded+"/v1/"+signal, jsonType, [][]byte{body})
	case signal == "traces":
		said = f.spans(r.Context(), body, found.plain)
	case !isUntouched(signal, body, time.Now()):
		said = f.post(r.Context(), f.guarded+"/v1/"+signal, protobufType, [][]byte{body})
	default:
		// Prometheus takes a request of points whole or not at all.
		said = f.post(r.Context(), f.behind+"/v1/"+signal, protobufType, [][]byte{body})
	}
	if said.err != nil {
		return silent
	}
	if found.rejected > 0 && len(said.body) == 0 && said.status == http.StatusOK {
		said.body = partialSuccess(found.rejected)
	}
	reply.answer(said.status, said.header, said.body)
	return nil
}

// spans sends what draws edges, and what draws none (edges.go). Who is refused one of them sends both again.
func (f *forwarder) spans(ctx context.Context, drawn, plain []byte) answer {
	now := time.Now()
	if !isUntouched("traces", drawn, now) || !isUntouched("traces", plain, now) {
		return f.post(ctx, f.guarded+"/v1/traces", protobufType, [][]byte{drawn, unlinked(plain)})
	}
	if len(plain) > 0 {
		if said := f.unlinked.do(ctx, plain); len(drawn) == 0 || said.err != nil || said.status != http.StatusOK {
			return said
		}
	}
	return f.linked.do(ctx, drawn)
}

func (f *forwarder) post(ctx context.Context, address, contentType string, parts [][]byte) answer {
	body, size := together(parts)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, body())
	if err != nil {
		return answer{err: err}
	}
	request.ContentLength = size
	// A connection may have been closed while it was idle: it is sent again on another one.
	request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(body()), nil }
	if size == 0 {
		request.Body = http.NoBody
	}
	request.Header.Set("Content-Type", contentType)
	response, err := f.client.Do(request)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	said, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return answer{response.StatusCode, response.Header, said, err}
}

const whyRejected = "exponential histograms whose count is not that of their buckets, or deltas of more series than a service or a token may have"

// partialSuccess is the answer to a request of which points were taken out.
// https://opentelemetry.io/docs/specs/otlp/#partial-success-1
func partialSuccess(points int) []byte {
	held := binary.AppendUvarint([]byte{1 << 3}, uint64(points))
	held = append(binary.AppendUvarint(append(held, 2<<3|2), uint64(len(whyRejected))), whyRejected...)
	return append(binary.AppendUvarint([]byte{1<<3 | 2}, uint64(len(held))), held...)
}
