package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isAlpha(c byte) bool { return isLower(c | 0x20) }
func isAlnum(c byte) bool { return isAlpha(c) || isDigit(c) }
func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
func isHex(c byte) bool   { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// isWord is what a name is made of; letters beyond ASCII are.
func isWord(c byte) bool { return isAlnum(c) || c == '_' || c >= 0x80 }

// isLetterOrNumber is isWord for a whole sign of any script: signs that are neither are not of a name.
func isLetterOrNumber(r rune) bool {
	if r < 0x80 {
		return isAlnum(byte(r)) || r == '_'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r)
}

// size is how many signs a text has.
func size(text string) int { return utf8.RuneCountInString(text) }

// isOf is all for signs of any script.
func isOf(text string, is func(rune) bool) bool {
	for _, r := range text {
		if !is(r) {
			return false
		}
	}
	return text != ""
}

func isLetterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }
func hasLower(text string) bool   { return strings.IndexFunc(text, isSmall) >= 0 }
func hasUpper(text string) bool   { return strings.IndexFunc(text, isCapital) >= 0 }
func isSmall(r rune) bool         { return unicode.ToUpper(r) != r }
func isCapital(r rune) bool       { return unicode.ToLower(r) != r }

func digit(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

func all(text string, is func(byte) bool) bool {
	for at := range len(text) {
		if !is(text[at]) {
			return false
		}
	}
	return text != ""
}

func some(text string, is func(byte) bool) bool {
	for at := range len(text) {
		if is(text[at]) {
			return true
		}
	}
	return false
}

// isAllLower and isAllUpper say whether a text has no letters of the other case, and some of this one.
func isAllLower(text string) bool { return some(text, isLower) && !some(text, isUpper) }
func isAllUpper(text string) bool { return hasUpper(text) && !hasLower(text) }

// class is 0 to 3: capitals, small letters, digits, the rest.
func class(c byte) int {
	switch {
	case isUpper(c):
		return 0
	case isLower(c):
		return 1
	case isDigit(c):
		return 2
	}
	return 3
}

// turns is how often capitals, small letters and digits take turns.
func turns(piece string) int {
	count := 0
	for at := 1; at < len(piece); at++ {
		if class(piece[at]) != class(piece[at-1]) {
			count++
		}
	}
	return count
}

// changes is how often digits and the rest take turns.
func changes(piece string) int {
	count := 0
	for at := 1; at < len(piece); at++ {
		if isDigit(piece[at]) != isDigit(piece[at-1]) {
			count++
		}
	}
	return count
}

// pieces splits a text at any of the signs, and leaves out what is empty.
func pieces(text, signs string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(signs, r) })
}

// words splits a name at capitals, digits and signs, in lower case.
func words(name string, digits bool) []string {
	var found []string
	for at := 0; at < len(name); {
		end := at
		switch c := name[at]; {
		case isUpper(c):
			for end < len(name) && isUpper(name[end]) {
				end++
			}
			if end < len(name) && isLower(name[end]) {
				if end--; end == at {
					end = endOf(name, at+1, isLower)
				}
			}
		case isLower(c):
			end = endOf(name, at, isLower)
		case digits && isDigit(c):
			end = endOf(name, at, isDigit)
		default:
			at++
			continue
		}
		found = append(found, strings.ToLower(name[at:end]))
		at = end
	}
	return found
}

// endOfRunes is endOf for signs of any script.
func endOfRunes(text string, at int, is func(rune) bool) int {
	for at < len(text) {
		r, size := utf8.DecodeRuneInString(text[at:])
		if !is(r) {
			break
		}
		at += size
	}
	return at
}

// endOf is where characters of a kind end that begin at a position.
func endOf(text string, at int, is func(byte) bool) int {
	for at < len(text) && is(text[at]) {
		at++
	}
	return at
}
