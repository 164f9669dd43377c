package main

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net/http"
	"time"
)

// forwarder gives requests to the collector, which knows this program by its certificate.
type forwarder struct {
	client *http.Client
	// guarded is where guards look at a request; behind is where it goes that they would leave as it is.
	guarded, behind string
}

func newForwarder(guarded, behind, secrets string) (*forwarder, error) {
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
		// Before the collector closes it, which takes one that is idle away after a minute.
		IdleConnTimeout:     30 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
		DisableCompression:  true,
	}
	return &forwarder{client: &http.Client{Transport: transport}, guarded: guarded, behind: behind}, nil
}

// send waits as long as the sender does: a collector whose queues are full holds senders back.
func (f *forwarder) send(reply reply, r *http.Request, signal string, body []byte, rejected int) error {
	address := f.guarded
	if !isJSON(r) && isUntouched(signal, body, time.Now()) {
		address = f.behind
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, address+"/v1/"+signal, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", reply.contentType(r))
	response, err := f.client.Do(request)
	if err != nil {
		return silent
	}
	defer response.Body.Close()
	said, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return silent
	}
	if rejected > 0 && len(said) == 0 && response.StatusCode == http.StatusOK {
		said = partialSuccess(rejected)
	}
	reply.answer(response.StatusCode, response.Header, said)
	return nil
}

// partialSuccess is the answer to a request of which points were taken out.
// https://opentelemetry.io/docs/specs/otlp/#partial-success-1
func partialSuccess(points int) []byte {
	const why = "points of exponential histograms whose count is not that of their buckets"
	held := binary.AppendUvarint([]byte{1 << 3}, uint64(points))
	held = append(binary.AppendUvarint(append(held, 2<<3|2), uint64(len(why))), why...)
	return append(binary.AppendUvarint([]byte{1<<3 | 2}, uint64(len(held))), held...)
}
