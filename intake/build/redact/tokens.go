package redact

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	// With the blanks of an address, perhaps.
	pemBegin = regexp.MustCompile(`-----BEGIN(?: |\+|%20)((?:[A-Z0-9 +]|%20)*)-----`)
	pemEnd   = regexp.MustCompile(`-----END(?: |\+|%20)(?:[A-Z0-9 +]|%20)+-----`)
	pemBlank = strings.NewReplacer("+", " ", "%20", " ")
	scheme   = regexp.MustCompile(`(?i)\b((?:` + strings.Join(schemes, "|") + `)(?:\d{3})?)[\t ]+([A-Za-z0-9._~+/=:-]{6,})`)
	isOfWord = regexp.MustCompile(`^[\pL\pN_:]+=[^=\s]`).MatchString
	isNoSign = regexp.MustCompile(`^(?:[A-Z0-9]{2,10}(?:[^\w-]|$)|0x[0-9a-fA-F]{40}|[1-9A-HJ-NP-Za-km-z]{43,44}(?:[^\w-]|$)|sha\d{1,3}[:-])`).MatchString
	isSigned = regexp.MustCompile(`^(?:\S*\d|\S+[A-Z]|\S*[._~+/=-]\S)`).MatchString
	cookie   = regexp.MustCompile(`(?i)\bcookie['"]?\s*[:=]\s*['"]?([^\n'"]+)`)
)

// ofPEM are the characters of a key in PEM and of the ends of its lines, written or real.
const ofPEM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\\\r\n"

// shortestOfPEM are characters in front of the end of a key that are a part of it and no words.
const shortestOfPEM = 20

func isOfSecretKey(label string) bool {
	label = pemBlank.Replace(label)
	return strings.Contains(label, "PRIVATE KEY") || strings.Contains(label, "CERTIFICATE") || strings.Contains(label, "SECRET")
}

var isSaidOfPEM = regexp.MustCompile(`^ [a-z]{1,20}[ ,.;:!]`).MatchString

// withoutKeyBlocks takes out keys in PEM; of one without a beginning the lines in front of its end, of one without an end all
// that follows.
func withoutKeyBlocks(text string) string {
	var out edit
	for at := 0; ; {
		found := pemBegin.FindStringSubmatchIndex(text[at:])
		if found == nil {
			if closing := pemEnd.FindStringIndex(text[out.done:]); closing != nil && isOfSecretKey(text[out.done+closing[0]:out.done+closing[1]]) {
				end := out.done + closing[0]
				if begin := out.done + len(strings.TrimRight(text[out.done:end], ofPEM)); end-begin >= shortestOfPEM {
					out.put(text, begin, out.done+closing[1], Mark)
				}
			}
			return out.end(text)
		}
		begin, label := at+found[0], text[at+found[2]:at+found[3]]
		at += found[1]
		if !isOfSecretKey(label) {
			continue
		}
		end := len(text)
		if closing := pemEnd.FindStringIndex(text[at:]); closing != nil {
			end = at + closing[1]
		} else if isSaidOfPEM(text[at:min(len(text), at+longestType)]) {
			continue
		}
		out.put(text, begin, end, Mark)
		at = end
	}
}

// withoutWebTokens takes out JSON web tokens, those without a signature too.
func withoutWebTokens(text string) string {
	part := func(c byte) bool { return isAlnum(c) || c == '_' || c == '-' }
	var out edit
	for at := 0; ; {
		found := strings.Index(text[at:], "eyJ")
		if found < 0 {
			return out.end(text)
		}
		begin := at + found
		first := endOf(text, begin, part)
		at = first
		if begin > 0 && isWord(text[begin-1]) || first-begin < 8 || first >= len(text) || text[first] != '.' {
			continue
		}
		second := endOf(text, first+1, part)
		if second-first < 6 {
			continue
		}
		if second < len(text) && text[second] == '.' {
			second = endOf(text, second+1, part)
		}
		out.put(text, begin, second, Mark)
		at = second
	}
}

// withoutSchemes takes out what follows "Bearer" and its like in a header, if it is no word.
func withoutSchemes(text string) string {
	var out edit
	for _, found := range scheme.FindAllStringSubmatchIndex(text, -1) {
		if isBehindLetter(text, found[0]) {
			continue
		}
		rest := text[found[4]:]
		if word := strings.IndexAny(rest, " \t\r\n\f\v"); word >= 0 {
			rest = rest[:word+1]
		}
		if !isOfWord(rest) && !isNoSign(rest) && isSigned(rest) && some(text[found[4]:found[5]], isAlnum) {
			out.put(text, found[3], found[5], " "+Mark)
		}
	}
	return out.end(text)
}

func withoutCookies(text string) string {
	var out edit
	for _, found := range cookie.FindAllStringSubmatchIndex(text, -1) {
		if !isBehindLetter(text, found[0]) && !all(text[found[2]:found[3]], isSpace) {
			out.put(text, found[2], found[3], Mark)
		}
	}
	return out.end(text)
}

// isBehindLetter says whether a letter of another script stands before a position: to \b it is none.
func isBehindLetter(text string, at int) bool {
	r, _ := utf8.DecodeLastRuneInString(text[:at])
	return r >= 0x80 && isLetterOrNumber(r)
}
