package redact

import "strings"

// behindName is where a value begins behind a name, and whether it is only spoken of; -1 for nowhere.
func behindName(text string, end int) (start int, spoken bool) {
	at := end
	slashes := endOf(text, at, func(c byte) bool { return c == '\\' })
	isQuoted := slashes < len(text) && isQuote(text[slashes])
	if isQuoted {
		at = slashes + 1
	}
	sign := at
	if sign < len(text) && text[sign] == ']' {
		sign++
	}
	sign = endOf(text, sign, isSpace)
	for _, equals := range []string{":=", "=>", "=", "：", "＝", ":"} {
		if strings.HasPrefix(text[min(sign, len(text)):], equals) {
			start := sign + len(equals)
			if equals == ":" {
				start = behindBlock(text, start)
			}
			return endOf(text, start, isSpace), false
		}
	}
	if isQuoted {
		next := endOf(text, at, isSpace)
		if next < len(text) && text[next] == ',' {
			next = endOf(text, next+1, isSpace)
			return behindValue(text, next), false
		}
		if strings.HasPrefix(text[min(next, len(text)):], "value") {
			if equals := endOf(text, next+5, isSpace); equals < len(text) && text[equals] == '=' {
				return endOf(text, equals+1, isSpace), false
			}
		}
	}
	if start := behindForm(text, end); start > 0 {
		return start, false
	}
	if start := behindElement(text, end); start > 0 {
		return start, false
	}
	if start := behindLine(text, end); start > 0 {
		return start, false
	}
	if next := endOf(text, end, func(c byte) bool { return c == ',' }); next == end+1 {
		if next = endOf(text, next, isSpace); strings.HasPrefix(text[next:], "<<") {
			return next + 2, false
		}
	}
	at = end
	if at < len(text) && isQuote(text[at]) {
		at++
	}
	if at < len(text) && text[at] == '|' {
		return at + 1, true
	}
	if blank := endOf(text, at, func(c byte) bool { return isBlank(c) || c == '(' || c == '?' }); blank > at {
		for _, sign := range []string{"|", "│", "→"} {
			if rest, is := strings.CutPrefix(text[blank:], sign); is {
				if end := endOf(rest, 0, isBlank); end > 0 {
					return len(text) - len(rest) + end, true
				}
			}
		}
		return blank, true
	}
	return -1, false
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// behindBlock passes over the sign of a text in YAML that begins in the next line.
func behindBlock(text string, at int) int {
	sign := endOf(text, at, isBlank)
	if sign < len(text) && (text[sign] == '|' || text[sign] == '>') {
		sign++
		if sign < len(text) && (text[sign] == '+' || text[sign] == '-') {
			sign++
		}
		if sign = endOf(text, sign, isBlank); sign < len(text) && text[sign] == '\n' {
			return sign + 1
		}
	}
	return at
}

// behindForm is where a part of a form begins behind its name and an empty line; 0 for none.
func behindForm(text string, end int) int {
	if end >= len(text) || !isQuote(text[end]) {
		return 0
	}
	for _, lines := range []string{"\r\n\r\n", "\n\n"} {
		if strings.HasPrefix(text[end+1:], lines) {
			return end + 1 + len(lines)
		}
	}
	return 0
}

// behindElement is where the content of an element of XML begins, behind its attributes; 0 for none.
func behindElement(text string, end int) int {
	for at := end; at < len(text); {
		if text[at] == '>' {
			return at + 1
		}
		if !isSpace(text[at]) {
			return 0
		}
		name := endOf(text, at+1, func(c byte) bool { return isWord(c) || c == ':' || c == '-' })
		if name == at+1 || name-at > 41 || !strings.HasPrefix(text[name:], `="`) {
			return 0
		}
		value := text[name+2 : min(len(text), name+203)]
		closing := strings.IndexAny(value, `"<>`)
		if closing < 0 || value[closing] != '"' {
			return 0
		}
		at = name + 2 + closing + 1
	}
	return 0
}

// behindLine is where the value begins that stands in the line behind its name: `- name: …`, `  value: …`; 0 for none.
func behindLine(text string, end int) int {
	at := end
	if at < len(text) && isQuote(text[at]) {
		at++
	}
	at = endOf(text, at, isBlank)
	if at < len(text) && text[at] == '\r' {
		at++
	}
	if at >= len(text) || text[at] != '\n' {
		return 0
	}
	if at = endOf(text, at+1, isBlank); !strings.HasPrefix(text[at:], "value:") {
		return 0
	}
	return endOf(text, at+len("value:"), isSpace)
}

// behindValue passes over the `"value":` of a pair that names both its parts.
func behindValue(text string, at int) int {
	open := endOf(text, at, func(c byte) bool { return c == '\\' })
	if open >= len(text) || !isQuote(text[open]) || !strings.HasPrefix(text[open+1:], "value") {
		return at
	}
	closing := endOf(text, open+6, func(c byte) bool { return c == '\\' })
	if closing >= len(text) || !isQuote(text[closing]) {
		return at
	}
	if colon := endOf(text, closing+1, isSpace); colon < len(text) && text[colon] == ':' {
		return endOf(text, colon+1, isSpace)
	}
	return at
}
