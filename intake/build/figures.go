package main

import (
	"fmt"
	"net/http"
	"sort"
	"sync"
)

// figures are the program's own metrics, in Prometheus' text format.
type figures struct {
	lock        sync.Mutex
	refused     map[string]int64
	accepted    int64
	rejected    int64
	joined      int64
	unlinked    int64
	connections func() (strangers, known int)
}

// Every reason from the start: a counter that appears with its first refusal has no increase to show.
var reasons = []string{
	"body_timeout", "collector", "connections", "header_timeout", "malformed", "memory", "service", "strangers", "token", "too_large", "unknown",
}

func newFigures() *figures {
	made := &figures{refused: map[string]int64{}}
	for _, reason := range reasons {
		made.refused[reason] = 0
	}
	return made
}

func (f *figures) refuse(reason string) {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.refused[reason]++
}

func (f *figures) accept(rejectedPoints int) {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.accepted++
	f.rejected += int64(rejectedPoints)
}

func (f *figures) join(resources int) {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.joined += int64(resources)
}

func (f *figures) unlink(spans int) {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.unlinked += int64(spans)
}

func (f *figures) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/metrics" && r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	strangers, known := f.connections()
	f.lock.Lock()
	defer f.lock.Unlock()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	fmt.Fprintln(w, "# HELP botobs_intake_connections Open connections, by whether a valid token was shown.")
	fmt.Fprintln(w, "# TYPE botobs_intake_connections gauge")
	fmt.Fprintf(w, "botobs_intake_connections{token=\"none\"} %d\n", strangers)
	fmt.Fprintf(w, "botobs_intake_connections{token=\"valid\"} %d\n", known)
	fmt.Fprintln(w, "# HELP botobs_intake_requests_total Requests that were passed to the collector.")
	fmt.Fprintln(w, "# TYPE botobs_intake_requests_total counter")
	fmt.Fprintf(w, "botobs_intake_requests_total %d\n", f.accepted)
	fmt.Fprintln(w, "# HELP botobs_intake_rejected_points_total Points that were taken out: they contradict themselves, or are deltas of more series than a service or a token may have.")
	fmt.Fprintln(w, "# TYPE botobs_intake_rejected_points_total counter")
	fmt.Fprintf(w, "botobs_intake_rejected_points_total %d\n", f.rejected)
	fmt.Fprintln(w, "# HELP botobs_intake_joined_instances_total Resources of spans whose instances are counted as one, because their service has too many.")
	fmt.Fprintln(w, "# TYPE botobs_intake_joined_instances_total counter")
	fmt.Fprintf(w, "botobs_intake_joined_instances_total %d\n", f.joined)
	fmt.Fprintln(w, "# HELP botobs_intake_unlinked_spans_total Spans that draw no edge between services, because theirs has too many that wait, or too many edges.")
	fmt.Fprintln(w, "# TYPE botobs_intake_unlinked_spans_total counter")
	fmt.Fprintf(w, "botobs_intake_unlinked_spans_total %d\n", f.unlinked)
	fmt.Fprintln(w, "# HELP botobs_intake_refused_total Connections that were closed and requests that were refused.")
	fmt.Fprintln(w, "# TYPE botobs_intake_refused_total counter")
	names := make([]string, 0, len(f.refused))
	for name := range f.refused {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(w, "botobs_intake_refused_total{reason=%q} %d\n", name, f.refused[name])
	}
}
