package redact

import (
	"regexp"
	"strings"
)

// Attributes decides about values by the names of their attributes. It remembers what it has found out of names.
type Attributes struct {
	keep  []*regexp.Regexp
	names memory[*Name]
}

// Name is what is known of the name of an attribute.
type Name struct {
	// Shown is what may be shown of it. Kept: values stay as they are.
	Shown     string
	Kept      bool
	name      string
	digest    uint64
	promise   string
	isAddress bool
	isQuery   bool
}

// NewAttributes takes patterns of names whose values stay as they are, beside those of the rules.
func NewAttributes(keep []*regexp.Regexp) *Attributes {
	return &Attributes{keep: keep}
}

var (
	headerName  = regexp.MustCompile(`^(?:http|rpc\.\w+)\.(?:request|response)\.(?:header|metadata)\.(.+)$`)
	isRateLimit = regexp.MustCompile(`rate[-_]?limit|used[-_]weight|order[-_]count|limit[-_]status`).MatchString
	isDropped   = regexp.MustCompile(`^(?:db\.(?:query|operation)\.parameters?(?:\.|$)|db\.statement\.parameters|url\.fragment$|http\.(?:request|response)\.body)`).MatchString
)

var addressNames = set("exchange.url http.route http.target http.url server.url url.full url.original url.path")

// Of looks a name up.
func (a *Attributes) Of(name string) *Name {
	sum := digest(name)
	if found, is := a.names.find(sum, "", name); is {
		return found
	}
	name = strings.Clone(name)
	found := &Name{
		Shown: Text(name, ""), Kept: identifiers[name] || plainNames[name], name: name, promise: promise(name), digest: sum,
		isAddress: addressNames[name], isQuery: strings.EqualFold(name, "url.query"),
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
	if len(name) <= longestRemembered {
		a.names.put(sum, "", name, found)
	}
	return found
}

// Inner is by what an item of a mapping is judged: what is in `credentials` is one.
func (a *Attributes) Inner(outer *Name, item string) *Name {
	inner := a.Of(item)
	if (outer.hides() || outer.promise != aNothing && inner.promise == aNothing) && !inner.hides() {
		return outer
	}
	return inner
}

func (n *Name) hides() bool { return n.promise == aSecret && !n.Kept }

// HidesNumber says whether a number goes: every one of a secret's name, a PIN, a one-time password.
func (n *Name) HidesNumber(value float64) bool {
	return n.hides() || !n.Kept && isNumeric[n.promise] && 999 < value && value < 1e8
}

var values unchanged

// Value is what may be sent of a text.
func (n *Name) Value(value string) string {
	if n.Kept || value == "" || len(value) < shortestText && n.promise == aNothing && !n.isAddress && !n.isQuery {
		return value
	}
	return values.left(value, n.name, n.digest, n.searched)
}

func (n *Name) searched(value string) string {
	switch {
	case n.promise == aSecret:
		return Mark
	case n.promise != aNothing && isSecret(n.promise, value[:min(len(value), longestGuess)]):
		return Mark
	case n.isAddress:
		return encoded(cleanAddress(head(value)))
	case n.isQuery:
		return strings.TrimPrefix(kept("?"+head(value), plain), "?")
	}
	return searched(value, n.name)
}
