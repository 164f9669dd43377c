package redact

import (
	"regexp"
	"strings"
)

// longestQuery: a longer one is dropped. longestOdd is of a value with other signs than those of names and numbers.
const (
	longestQuery = 1024
	longestOdd   = 512
)

// cleaner says what is left of a value of a query that is a text or an address itself.
type cleaner func(text string) string

var (
	isNameInQuery  = regexp.MustCompile(`^[A-Za-z0-9_.\[\]-]{1,64}$`).MatchString
	isValueInQuery = regexp.MustCompile(`^[A-Za-z0-9_.,:/+!*~ -]{0,256}={0,2}$`).MatchString
	// isOfSearch is what is searched for: blanks are written as `+`.
	isOfSearch = regexp.MustCompile(`^[A-Z]?[a-z]{1,20}(?:[+ ][A-Z]?[a-z]{1,20})+$`).MatchString
	isLongHex  = regexp.MustCompile(`^[0-9a-fA-F]{16,}$`).MatchString
	// usedOnce are of sign-in and of links in mails.
	usedOnce = set("code ticket state")
	// `app.js?v=009cc3bd3b`
	versions = set("v ver version rev")
	// ofPages: where a page of an answer begins and ends.
	ofPages = regexp.MustCompile(`(?:after|before|end|offset|since|start|until)\]*$`).MatchString
)

// kept is what may stay of what follows the path of an address, from its `?` or `#` on: the parts that are plainly innocent, and the names
// of others. Without clean a value of other signs than those of names and numbers goes.
func kept(tail string, clean cleaner) string {
	if len(tail) > longestQuery {
		return ""
	}
	var left strings.Builder
	isOut := false
	for at := 0; at < len(tail); {
		end := at + 1
		for end < len(tail) && strings.IndexByte("?#&", tail[end]) < 0 {
			end++
		}
		part := tail[at+1 : end]
		shown := keptPart(part, clean)
		// A value may hold these signs: what has no name belongs to the one in front.
		isOut = shown != part || isOut && !strings.Contains(part, "=")
		if shown != part || !isOut {
			left.WriteByte(tail[at])
			left.WriteString(shown)
		}
		at = end
	}
	return left.String()
}

// keptPart is a part of a query, `name=value` or a value alone, without the value if that is not innocent.
func keptPart(part string, clean cleaner) string {
	if isInnocentPart(part, clean) {
		return part
	}
	name, _, is := strings.Cut(part, "=")
	if is && isNameInQuery(name) && (len(name) < shortestNamed || !isBareSecret(name, "")) {
		return name + "=" + Mark
	}
	return Mark
}

func isInnocentPart(part string, clean cleaner) bool {
	name, value, is := strings.Cut(part, "=")
	if !is {
		name, value = "", part
	} else if !isNameInQuery(name) {
		return false
	}
	value = unquoted(value)
	if !is && strings.HasPrefix(value, "/") {
		return isInnocentPath(value)
	}
	promised := promise(name)
	if usedOnce[strings.ToLower(name)] {
		promised = "otp"
	}
	if promised != aNothing && (isSecret(promised, value) || isOfSignature[promised] && some(value, isDigit) && some(value, isAlpha)) {
		return false
	}
	if !isValueInQuery(value) || strings.Contains(value, "://") {
		// A query of a store, a pattern, an address.
		return clean != nil && size(value) <= longestOdd && clean(value) == value
	}
	if isNamedID(name) || isOfTable(name) || versions[name] || ofPages(name) {
		return value == "" || formatted(value) == 0
	}
	if isUUID(value) || all(value, isDigit) || isOfSearch(value) {
		return true
	}
	return !isLongHex(value) && !isLikeAToken(value) && !isBareSecret(value, "")
}

const shortestSegment = 12

// isInnocentPath says whether a path may stay in a fragment, `#/transaction/…`: of each part the one in front decides too.
func isInnocentPath(path string) bool {
	before := ""
	for segment := range strings.SplitSeq(path, "/") {
		if size(segment) >= shortestSegment && !isUUID(segment) {
			if !isValueInQuery(segment) || formatted(segment) > 0 ||
				(isLongHex(segment) || isLikeAToken(segment) || isBareSecret(segment, "")) && !isNamedID(before) {
				return false
			}
		}
		before = segment
	}
	return true
}
