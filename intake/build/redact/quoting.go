package redact

import (
	"regexp"
	"strings"
)

// Where a value ends: at its quote, its bracket, or the end of its word. What opens and never closes is taken to the end of the
// text: it may have been cut, in the middle of a secret.

// quoted is what is in the quotes that open at a position: `'…`, `b"…`, `\"…`, `SecretStr('…`, `bytearray(b'…`.
func quoted(text string, start int) (begin, end int, is bool) {
	if start < 0 {
		return 0, 0, false
	}
	for _, at := range []int{behindCall(text, start), start} {
		for count := 0; count < 2 && at < len(text) && strings.IndexByte("bBuUrRfFeEnNxX", text[at]) >= 0; count++ {
			at++
		}
		if at > 0 && at <= len(text) && text[at-1] == '\\' {
			continue
		}
		level := 0
		for at+level < len(text) && text[at+level] == '\\' {
			level++
		}
		if at += level; at < len(text) && isQuote(text[at]) {
			return at + 1, closingQuote(text, at+1, text[at], level), true
		}
	}
	return 0, 0, false
}

func isQuote(c byte) bool { return c == '\'' || c == '"' }

// behindCall is where the first argument begins of a call at a position, of `SecretStr(` or `Token(value=`.
func behindCall(text string, start int) int {
	at := start
	// As PHP dumps a text: `string(12) "…"`.
	if rest, is := strings.CutPrefix(text[min(at, len(text)):], "string("); is {
		if size, _, is := strings.Cut(rest[:min(len(rest), 12)], ") "); is && all(size, isDigit) {
			return at + len("string(") + len(size) + len(") ")
		}
	}
	if at >= len(text) || !isAlpha(text[at]) && text[at] != '_' {
		return start
	}
	at = endOfRunes(text[:min(len(text), start+62)], at, func(r rune) bool { return r == '.' || isLetterOrNumber(r) })
	if at >= len(text) || text[at] != '(' {
		return start
	}
	at++
	if name := endOf(text, at, isWord); name > at && name-at <= 30 && name < len(text) && text[name] == '=' {
		return name + 1
	}
	return at
}

// closingQuote is where the quote, or its backslashes, stand that end a text which was opened behind so many backslashes.
func closingQuote(text string, begin int, quote byte, level int) int {
	for at := begin; ; {
		found := strings.IndexByte(text[at:], quote)
		if found < 0 {
			return len(text)
		}
		at += found
		slashes := 0
		for at-slashes > begin && text[at-slashes-1] == '\\' {
			slashes++
		}
		closes := slashes%2 == 0
		if level > 0 {
			closes = slashes <= level
		}
		doubled := closes && level == 0 && at+1 < len(text) && text[at+1] == quote && text[begin:begin+1] != string(quote)
		if closes && !doubled {
			return at - min(slashes, level)
		}
		at++
		if doubled {
			at++
		}
	}
}

// bracket is the end of what is in the brackets that open at a position, behind the closing one.
func bracket(text string, start int) int {
	var open []byte
	for at := start; at < len(text); {
		switch c := text[at]; c {
		case '(':
			open = append(open, ')')
		case '[':
			open = append(open, ']')
		case '{':
			open = append(open, '}')
		case ')', ']', '}':
			if len(open) > 0 && open[len(open)-1] == c {
				if open = open[:len(open)-1]; len(open) == 0 {
					return at + 1
				}
			}
		case '\'', '"':
			slashes := 0
			for at-slashes > start && text[at-slashes-1] == '\\' {
				slashes++
			}
			end := closingQuote(text, at+1, c, slashes)
			at = min(len(text), end+slashes)
		}
		at++
	}
	return len(text)
}

// isNextOfForm says whether the next pair of a form begins at a position.
func isNextOfForm(text string, at int) bool {
	end := endOfRunes(text, at, func(r rune) bool { return isLetterOrNumber(r) || strings.ContainsRune(".-[]%", r) })
	return end > at && end < len(text) && text[end] == '='
}

// dataURL: `data:text/plain;base64,…` is one word.
var dataURL = regexp.MustCompile(`^data:[\pL\pN_./+-]{1,60};base64,`)

// word is the end of a word that begins at a position. A comma, a bracket or a quote within a word belongs to it; before the end,
// or another such sign, it does not.
func word(text string, start int) int {
	data := len(dataURL.FindString(text[start:min(len(text), start+2*longestType)]))
	for at := start + data; at < len(text); at++ {
		switch c := text[at]; {
		case c <= ' ' || c == ';':
			return at
		case c == '&':
			if at+1 == len(text) || isSpace(text[at+1]) || strings.IndexByte(`&,;)]}>'"\<`, text[at+1]) >= 0 ||
				strings.HasPrefix(text[at+1:], "amp;") || isNextOfForm(text, at+1) {
				return at
			}
		case c == '<' || c == '>':
			if at+1 < len(text) && text[at+1] == '/' {
				return at
			}
		case strings.IndexByte(`,)]}'"\`, c) >= 0:
			if at+1 == len(text) || isSpace(text[at+1]) || strings.IndexByte(`,;:.)]}'"\>n`, text[at+1]) >= 0 || strings.HasPrefix(text[at+1:], `r\n`) {
				return at
			}
			// The next name.
			if name := endOfRunes(text, at+1, isLetterOrNumber); name > at+1 && name < len(text) {
				if isQuote(text[name]) {
					name++
				}
				if name < len(text) && text[name] == ' ' {
					name++
				}
				if name < len(text) && (text[name] == '=' || text[name] == ':') {
					return at
				}
			}
		}
	}
	return len(text)
}

// isNameInQuotes says whether the quotes that end at a position are around the name of another pair:
// `"grant_type": "client_credentials", "other": "…"`.
func isNameInQuotes(text string, end int) bool {
	at, is := closed(text, end)
	if is && at < len(text) && isSpace(text[at]) {
		at++
	}
	return is && at < len(text) && text[at] == ':'
}

// isArgument: the next argument behind a name in quotes, `Field(name='…', type='str')`.
var isArgument = regexp.MustCompile(`^[\pL\pN_]{1,40}=['"]`).MatchString
