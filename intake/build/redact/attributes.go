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
	names map[string]Name
}

// Name is what is known of the name of an attribute.
type Name struct {
	// Shown is what may be shown of it. Kept: values stay as they are.
	Shown     string
	Kept      bool
	name      string
	promise   string
	isAddress bool
}

// mostNames is how many names are remembered: somebody may make up new ones for ever.
const mostNames = 4096

// NewAttributes takes patterns of names whose values stay as they are, beside those of the rules.
func NewAttributes(keep []*regexp.Regexp) *Attributes {
	return &Attributes{keep: keep, names: map[string]Name{}}
}

var (
	headerName  = regexp.MustCompile(`^(?:http|rpc\.\w+)\.(?:request|response)\.(?:header|metadata)\.(.+)$`)
	isRateLimit = regexp.MustCompile(`rate[-_]?limit|used[-_]weight|order[-_]count|limit[-_]status`).MatchString
	isDropped   = regexp.MustCompile(`^(?:db\.(?:query|operation)\.parameters?(?:\.|$)|db\.statement\.parameters|url\.query$|url\.fragment$|http\.(?:request|response)\.body)`).MatchString
)

var addressNames = set("exchange.url http.route http.target http.url server.url url.full url.original url.path")

// Of looks a name up.
func (a *Attributes) Of(name string) Name {
	a.lock.RLock()
	found, is := a.names[name]
	a.lock.RUnlock()
	if is {
		return found
	}
	name = strings.Clone(name)
	found = Name{
		Shown: Text(name, ""), Kept: identifiers[name] || plainNames[name], name: name, promise: promise(name),
		isAddress: addressNames[name],
	}
	if header := headerName.FindStringSubmatch(strings.ToLower(name)); header != nil {
		if plain := strings.ReplaceAll(header[1], "_", "-"); !keptHeaders[plain] && !isRateLimit(plain) {
			found.promise = aSecret
		}
	} else if isDropped(strings.ToLower(name)) {
		found.promise = aSecret
	}
	for _, pattern := range a.keep {
		found.Kept = found.Kept || pattern.MatchString(name)
	}
	a.lock.Lock()
	if len(a.names) >= mostNames {
		clear(a.names)
	}
	a.names[name] = found
	a.lock.Unlock()
	return found
}

// Inner is by what an item of a mapping is judged: what is in `credentials` is one.
func (a *Attributes) Inner(outer Name, item string) Name {
	inner := a.Of(item)
	if (outer.hides() || outer.promise != aNothing && inner.promise == aNothing) && !inner.hides() {
		return outer
	}
	return inner
}

func (n Name) hides() bool { return n.promise == aSecret && !n.Kept }

// HidesNumber says whether a number goes: every one of a secret's name, a PIN, a one-time password.
func (n Name) HidesNumber(value float64) bool {
	return n.hides() || !n.Kept && isNumeric[n.promise] && 999 < value && value < 1e8
}

// Value is what may be sent of a text.
func (n Name) Value(value string) string {
	switch {
	case n.Kept || value == "":
		return value
	case n.promise == aSecret:
		return Mark
	case n.promise != aNothing && isSecret(n.promise, value[:min(len(value), longestGuess)]):
		return Mark
	case n.isAddress:
		return cleanAddress(head(value))
	}
	return Text(value, n.name)
}
