// Command botobs-intake stands between senders of OTLP and the collector: deadlines, limits, tokens. ../README.md says why.
package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// version is set by the linker.
var version = "unknown"

type settings struct {
	grpc, http, health   string
	secrets              string
	clientCA             string
	collector, behind    string
	unlinked             string
	memory               int64
	deltas, instances    int
	waiting, edges       int
	header, body, idle   time.Duration
	strangers, addresses int
	perToken             int
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "--version" {
		fmt.Println("botobs-intake version", version)
		return
	}
	var given settings
	flag.StringVar(&given.grpc, "listen-grpc", "127.0.0.1:4317", "address for OTLP over gRPC")
	flag.StringVar(&given.http, "listen-http", "127.0.0.1:4318", "address for OTLP over HTTP")
	flag.StringVar(&given.health, "listen-health", "127.0.0.1:13135", "address of /metrics, for the stack's own certificates")
	flag.StringVar(&given.secrets, "secrets", "", "folder of certificates and tokens")
	memory := flag.Int64("memory-mib", 192, "memory that requests under way may take here and in the collector, in MiB")
	flag.DurationVar(&given.header, "header-timeout", 10*time.Second, "time from a connection to its first valid token, and for every header")
	flag.DurationVar(&given.body, "body-timeout", 20*time.Second, "time for a request's body")
	flag.DurationVar(&given.idle, "idle-timeout", 150*time.Second, "time between two requests")
	flag.IntVar(&given.strangers, "strangers", 256, "connections that have shown no valid token yet")
	flag.IntVar(&given.addresses, "strangers-per-address", 128, "the same from one address (IPv6: one network of 64 bits)")
	flag.IntVar(&given.perToken, "connections-per-token", 2048, "connections that have shown the same token")
	flag.IntVar(&given.deltas, "delta-series", 20_000, "series of deltas that the collector remembers, of all senders together")
	flag.IntVar(&given.instances, "span-metrics-instances", 5_000, "service instances whose spans the collector counts, of all senders together")
	flag.IntVar(&given.waiting, "edges", 60_000, "spans that wait in the collector for the other end of their call, of all senders together")
	flag.IntVar(&given.edges, "edge-series", 8_000, "edges between services that the collector remembers, of all senders together")
	flag.Parse()
	given.memory = *memory << 20
	// Where the collector is, and the authority of the certificates that services must show, if they must.
	given.clientCA = os.Getenv("SERVICES_CA")
	given.collector = cmp.Or(os.Getenv("COLLECTOR_URL"), "https://127.0.0.1:4319")
	given.behind = cmp.Or(os.Getenv("COLLECTOR_BEHIND_GUARDS_URL"), given.collector)
	given.unlinked = cmp.Or(os.Getenv("COLLECTOR_UNLINKED_URL"), given.behind)
	if given.memory < 8*maxBody {
		slog.Error("no room for the largest request: --memory-mib must be at least 128")
		os.Exit(2)
	}
	if err := run(given); err != nil {
		slog.Error("ended", "error", err)
		os.Exit(1)
	}
}

func run(given settings) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	tokens := newTokens(given.secrets + "/ingest.tokens")
	if err := tokens.reload(); err != nil {
		return err
	}
	forward, err := newForwarder(given.collector, given.behind, given.unlinked, given.secrets)
	if err != nil {
		return err
	}
	redactor, err := newRedactor(os.Getenv("REDACT_KEEP"))
	if err != nil {
		return err
	}
	figures := newFigures()
	guard := newGuard(given, figures)
	go guard.sweep(ctx)
	intake := &intake{
		tokens: tokens, forward: forward, guard: guard, redactor: redactor, figures: figures,
		deltas: &deltas{newRooms(given.deltas)}, instances: &instances{newRooms(given.instances)},
		edges: newEdges(given.waiting, given.edges), memory: newBudget(given.memory), turns: newTurns(), bodyTimeout: given.body,
	}
	services, err := tlsConfig(given.secrets, given.clientCA)
	if err != nil {
		return err
	}
	parts, err := tlsConfig(given.secrets, given.secrets+"/ca.pem")
	if err != nil {
		return err
	}
	failed := make(chan error, 3)
	var servers []*http.Server
	for address, handler := range map[string]http.Handler{given.grpc: intake, given.http: intake, given.health: figures} {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		server := newServer(given, handler)
		server.TLSConfig = services
		if address == given.health {
			server.TLSConfig = parts
		} else {
			listener = guard.watch(listener)
			server.ConnContext = guard.remember
		}
		servers = append(servers, server)
		go func() { failed <- server.ServeTLS(listener, "", "") }()
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	// What is under way is answered; who was cut off would send it twice.
	limited, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	var all []error
	for _, server := range servers {
		all = append(all, server.Shutdown(limited))
	}
	if err := errors.Join(all...); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

func newServer(given settings, handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: given.header,
		IdleTimeout:       given.idle,
		MaxHeaderBytes:    16 << 10,
		// Errors of handshakes: a stranger decides how many there are.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 64,
			// What a stranger may make us hold before his token is looked at.
			MaxReceiveBufferPerConnection: 128 << 10,
			MaxReceiveBufferPerStream:     64 << 10,
			MaxDecoderHeaderTableSize:     4 << 10,
			SendPingTimeout:               given.idle,
			PingTimeout:                   given.header,
			WriteByteTimeout:              given.body,
		},
	}
}

// tlsConfig presents server.pem as it is at the time of each connection.
func tlsConfig(secrets, clientCA string) (*tls.Config, error) {
	pair := newPair(secrets+"/server.pem", secrets+"/server.key")
	if _, err := pair.current(); err != nil {
		return nil, err
	}
	config := &tls.Config{
		MinVersion:     tls.VersionTLS13,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair.current() },
	}
	if clientCA != "" {
		pool, err := authorities(clientCA)
		if err != nil {
			return nil, err
		}
		config.ClientCAs, config.ClientAuth = pool, tls.RequireAndVerifyClientCert
	}
	return config, nil
}

func authorities(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return pool, nil
}
