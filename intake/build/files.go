package main

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// stamp tells one state of a file from another.
type stamp struct {
	changed time.Time
	size    int64
}

func stampOf(file string) (stamp, error) {
	found, err := os.Stat(file)
	if err != nil {
		return stamp{}, err
	}
	return stamp{found.ModTime(), found.Size()}, nil
}

// pair is a certificate with its key, read again when its file has changed.
type pair struct {
	certificate, key string
	lock             sync.Mutex
	read             stamp
	loaded           *tls.Certificate
}

func newPair(certificate, key string) *pair { return &pair{certificate: certificate, key: key} }

// current fails only if there never was a pair: one that is being replaced does not fit for a moment.
func (p *pair) current() (*tls.Certificate, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	found, err := stampOf(p.certificate)
	if err == nil && p.loaded != nil && found == p.read {
		return p.loaded, nil
	}
	if err == nil {
		var loaded tls.Certificate
		if loaded, err = tls.LoadX509KeyPair(p.certificate, p.key); err == nil {
			p.loaded, p.read = &loaded, found
		}
	}
	if p.loaded != nil {
		return p.loaded, nil
	}
	return nil, err
}

// token is one line of ingest.tokens: the secret, its service's name, the day it was made, and what it may sign as.
type token struct {
	id       string
	service  string
	services map[string]bool
}

// mayName says whether telemetry of a service may come with this token. Tokens made before names were bound may all.
func (t *token) mayName(service string) bool { return t.services == nil || t.services[service] }

type tokens struct {
	file  string
	lock  sync.RWMutex
	read  stamp
	known map[[sha256.Size]byte]*token
}

func newTokens(file string) *tokens { return &tokens{file: file} }

// find looks into the file's state at every request: a revoked token is refused at once.
func (t *tokens) find(secret string) *token {
	if found, err := stampOf(t.file); err == nil {
		t.lock.RLock()
		changed := found != t.read
		t.lock.RUnlock()
		if changed {
			if err := t.reload(); err != nil {
				slog.Error("tokens cannot be read; those known before stay valid", "error", err)
			}
		}
	}
	t.lock.RLock()
	defer t.lock.RUnlock()
	// By digest, so that the time of a comparison says nothing about a secret.
	return t.known[sha256.Sum256([]byte(secret))]
}

// shortestToken: what is shorter may be a token of a file that was cut, which anybody could guess.
const shortestToken = 16

func isToken(word string) bool {
	return len(word) >= shortestToken && !strings.ContainsFunc(word, func(c rune) bool { return c < '!' || c > '~' })
}

func (t *tokens) reload() error {
	found, err := stampOf(t.file)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(t.file)
	if err != nil {
		return err
	}
	known := map[[sha256.Size]byte]*token{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) == 0 || !isToken(words[0]) {
			continue
		}
		digest := sha256.Sum256([]byte(words[0]))
		held := &token{id: hex.EncodeToString(digest[:4])}
		if len(words) > 1 {
			held.service = words[1]
		}
		for _, word := range words[1:] {
			if names, found := strings.CutPrefix(word, "services="); found {
				held.services = map[string]bool{}
				for _, name := range strings.Split(names, ",") {
					held.services[name] = true
				}
			}
		}
		known[digest] = held
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	t.known, t.read = known, found
	return nil
}
