package main

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"time"
)

// forwarder gives requests to the collector, which knows this program by the stack's certificate.
type forwarder struct {
	client  *http.Client
	address string
}

func newForwarder(address, secrets string) (*forwarder, error) {
	roots, err := authorities(secrets + "/ca.pem")
	if err != nil {
		return nil, err
	}
	own := newPair(secrets+"/client.pem", secrets+"/client.key")
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
	return &forwarder{client: &http.Client{Transport: transport}, address: address}, nil
}

// send waits as long as the sender does: a collector whose queues are full holds senders back.
func (f *forwarder) send(reply reply, r *http.Request, signal string, body []byte) error {
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, f.address+"/v1/"+signal, bytes.NewReader(body))
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
	reply.answer(response.StatusCode, response.Header, said)
	return nil
}
