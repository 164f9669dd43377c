package redact

import (
	"regexp"
	"strings"
)

// longestQuery: a longer one is dropped.
const longestQuery = 1024

var (
	isNameInQuery  = regexp.MustCompile(`^[A-Za-z0-9_.\[\]-]{1,64}$`).MatchString
	isValueInQuery = regexp.MustCompile(`^[A-Za-z0-9_.,:/+!*~ -]{0,256}$`).MatchString
	isLongHex      = regexp.MustCompile(`^[0-9a-fA-F]{16,}$`).MatchString
	// usedOnce are of sign-in and of links in mails.
	usedOnce = set("code ticket state")
	// `app.js?v=009cc3bd3b`
	versions = set("v ver version rev")
)

// isInnocentQuery says whether what follows the path of an address in a text, from its `?` or `#` on, may stay: every part of it is
// plainly innocent. What is not known to be takes the whole query with it, for addresses invent names of secrets that no list has.
func isInnocentQuery(tail string) bool {
	if len(tail) > longestQuery {
		return false
	}
	if tail == "" {
		return true
	}
	for part := range strings.FieldsFuncSeq(tail, func(r rune) bool { return r == '?' || r == '#' || r == '&' }) {
		if !isInnocentPart(part) {
			return false
		}
	}
	return true
}

func isInnocentPart(part string) bool {
	name, value, is := strings.Cut(part, "=")
	if !is {
		name, value = "", part
	} else if !isNameInQuery(name) {
		return false
	}
	if value = unquoted(value); !isValueInQuery(value) {
		return false
	}
	promised := promise(name)
	if usedOnce[strings.ToLower(name)] {
		promised = "otp"
	}
	if promised != aNothing && (isSecret(promised, value) || isOfSignature[promised] && some(value, isDigit) && some(value, isAlpha)) {
		return false
	}
	if isNamedID(name) || versions[name] {
		return value == "" || formatted(value) == 0
	}
	if isUUID(value) || all(value, isDigit) {
		return true
	}
	return !isLongHex(value) && !isLikeAToken(value) && !isBareSecret(value, "")
}
