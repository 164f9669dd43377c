package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// reply is how a request is read and answered: in HTTP, or in gRPC.
type reply interface {
	body(r *http.Request, share *share, much func() error) ([]byte, error)
	refuse(refusal)
	// answer passes on what the collector has said.
	answer(status int, header http.Header, body []byte)
}

func replyTo(w http.ResponseWriter, r *http.Request) reply {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
		return grpcReply{w}
	}
	return httpReply{w}
}

type httpReply struct{ w http.ResponseWriter }

func (a httpReply) body(r *http.Request, share *share, much func() error) ([]byte, error) {
	stream, err := unpacked(io.LimitReader(r.Body, maxBody+1), r.Header.Get("Content-Encoding"))
	if err != nil {
		return nil, fault(err)
	}
	expected := int64(0)
	if r.Header.Get("Content-Encoding") == "" {
		much, expected = nil, r.ContentLength
	}
	body, err := read(stream, share, expected, much)
	return body, fault(err)
}

func (a httpReply) refuse(said refusal) {
	if said.status == http.StatusUnauthorized {
		a.w.Header().Set("WWW-Authenticate", "Bearer")
	}
	if said.status == http.StatusUnsupportedMediaType {
		// https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
		a.w.Header().Set("Accept-Encoding", encodings)
	}
	if said.status == http.StatusServiceUnavailable {
		a.w.Header().Set("Retry-After", "1")
	}
	http.Error(a.w, said.text, said.status)
}

func (a httpReply) answer(status int, header http.Header, body []byte) {
	for _, name := range []string{"Content-Type", "Retry-After"} {
		if value := header.Get(name); value != "" {
			a.w.Header().Set(name, value)
		}
	}
	a.w.WriteHeader(status)
	_, _ = a.w.Write(body)
}

// grpcReply speaks gRPC over HTTP/2: https://github.com/grpc/grpc/blob/v1.78.0/doc/PROTOCOL-HTTP2.md
type grpcReply struct{ w http.ResponseWriter }

func (a grpcReply) body(r *http.Request, share *share, much func() error) ([]byte, error) {
	raw, err := read(io.LimitReader(r.Body, maxBody+6), share, 0, nil)
	if err != nil {
		return nil, fault(err)
	}
	message, isPacked, err := frame(raw)
	if err != nil || !isPacked {
		return message, err
	}
	stream, err := unpacked(bytes.NewReader(message), r.Header.Get("Grpc-Encoding"))
	if err != nil {
		return nil, fault(err)
	}
	body, err := read(stream, share, 0, much)
	return body, fault(err)
}

// The words of gRPC for those of HTTP: https://opentelemetry.io/docs/specs/otlp/#failures
var codes = map[int]int{
	http.StatusBadRequest: 3, http.StatusUnauthorized: 16, http.StatusForbidden: 7, http.StatusNotFound: 12,
	http.StatusRequestTimeout: 14, http.StatusRequestEntityTooLarge: 3, http.StatusUnsupportedMediaType: 12,
	http.StatusTooManyRequests: 14, http.StatusBadGateway: 14, http.StatusServiceUnavailable: 14, http.StatusGatewayTimeout: 14,
}

func (a grpcReply) refuse(said refusal) {
	if said.status == http.StatusUnsupportedMediaType {
		a.w.Header().Set("Grpc-Accept-Encoding", encodings)
	}
	a.end(codes[said.status], said.text)
}

func (a grpcReply) end(code int, text string) {
	a.w.Header().Set("Content-Type", "application/grpc")
	a.w.Header().Set("Grpc-Status", strconv.Itoa(code))
	a.w.Header().Set("Grpc-Message", url.PathEscape(text))
	a.w.WriteHeader(http.StatusOK)
}

func (a grpcReply) answer(status int, _ http.Header, body []byte) {
	if status != http.StatusOK {
		code, known := codes[status]
		if !known {
			code = 2
		}
		a.end(code, fmt.Sprintf("the collector says %d: %s", status, statusText(body)))
		return
	}
	a.w.Header().Set("Content-Type", "application/grpc")
	a.w.WriteHeader(http.StatusOK)
	_, _ = a.w.Write(append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body))), body...))
	a.w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
}

// statusText is the message of a google.rpc.Status.
func statusText(body []byte) string {
	for len(body) > 0 {
		field, held, rest, err := next(body)
		if err != nil {
			return ""
		}
		if field == 2 {
			return string(held[:min(len(held), 500)])
		}
		body = rest
	}
	return ""
}
