package redact

import (
	"regexp"
	"strings"
	"sync"
)

// Attributes decides about values by the names of their attributes. It remembers what it has found out of names.
type Attributes struct {
	keep  []*regexp.Regexp
	lock  sync.RWMutex
	names map[string]name
}

type name struct {
	promise string
	// kept: its values stay as they are.
	kept      bool
	isAddress bool
	shown     string
}

// mostNames is how many names are remembered: somebody may make up new ones for ever.
const mostNames = 4096

// NewAttributes takes patterns of names whose values stay as they are, beside those of the rules.
func NewAttributes(keep []*regexp.Regexp) *Attributes {
	return &Attributes{keep: keep, names: map[string]name{}}
}

var addressNames = set("exchange.url http.route http.target http.url server.url url.full url.original url.path")

func (a *Attributes) look(key string) name {
	a.lock.RLock()
	found, is := a.names[key]
	a.lock.RUnlock()
	if is {
		return found
	}
	found = name{promise: promise(key), kept: identifiers[key] || plainNames[key], isAddress: addressNames[key], shown: Text(key, "")}
	for _, pattern := range a.keep {
		found.kept = found.kept || pattern.MatchString(key)
	}
	a.lock.Lock()
	if len(a.names) >= mostNames {
		clear(a.names)
	}
	a.names[strings.Clone(key)] = found
	a.lock.Unlock()
	return found
}

// Name is what may be shown of a name.
func (a *Attributes) Name(key string) string { return a.look(key).shown }

// Keeps says whether the values of a name stay as they are.
func (a *Attributes) Keeps(key string) bool { return a.look(key).kept }

// Hides says whether every value of a name goes.
func (a *Attributes) Hides(key string) bool {
	found := a.look(key)
	return found.promise == aSecret && !found.kept
}

// HidesNumber says whether a number is a PIN or a one-time password.
func (a *Attributes) HidesNumber(key string, value float64) bool {
	found := a.look(key)
	return a.Hides(key) || !found.kept && (found.promise == "pin" || found.promise == "otp") && 999 < value && value < 1e8
}

// Inner is the name by which an item of a mapping is judged: what is in `credentials` is one.
func (a *Attributes) Inner(key, item string) string {
	if a.Hides(key) || a.look(key).promise != aNothing && a.look(item).promise == aNothing {
		if !a.Hides(item) {
			return key
		}
	}
	return item
}

// Value is what may be sent of a text.
func (a *Attributes) Value(key, value string) string {
	found := a.look(key)
	switch {
	case found.kept || value == "":
		return value
	case found.promise == aSecret:
		return Mark
	case found.promise != aNothing && isSecret(found.promise, value[:min(len(value), longestGuess)]):
		return Mark
	case found.isAddress && !strings.Contains(value, "://"):
		path, rest := value, ""
		if end := strings.IndexAny(value, "?#"); end >= 0 {
			path, rest = value[:end], value[end:]
		}
		return cleanPath(path, "") + rest
	}
	return Text(value, key)
}
