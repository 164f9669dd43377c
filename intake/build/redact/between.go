package redact

import (
	"regexp"
	"strings"
)

// longestType is how far a type may reach that stands between a name and its value, and the name of a value behind that of a key.
const longestType = 64

var (
	behindType = regexp.MustCompile(`^(\s{0,3}(?::|\s[aA]s\s|\s)\s{0,3}&?(?i:string|secretstr|str|text|bytes)\??\s{0,3}=\s*)[bBuUrRfF]?\\*['"]`)
	behindKey  = regexp.MustCompile(`^,\s*(?:[\pL\pN_]{0,20}[vV]alue|default|content)=`)
)

// forms are the ways to write a name and its value, in the order in which they are looked for: each says where the value begins
// behind a name that ends at a position; 0 for nowhere. The SDK has the same, in between.py.
var forms = []func(text string, end int) int{
	behindStars, behindTypeOf, behindLabel, behindSign, behindQuote, behindKeyOf, behindCell, behindBulk, behindForm, behindElement, behindLine, behindItem,
}

// behindName is where a value begins behind a name, and whether it is only spoken of; -1 for nowhere.
func behindName(text string, end int) (start int, spoken bool) {
	for _, form := range forms {
		if start := form(text, end); start > 0 {
			return start, false
		}
	}
	return behindBlank(text, end)
}

// behindBlank is where a value may begin that is only spoken of.
func behindBlank(text string, end int) (start int, spoken bool) {
	at := end
	if at < len(text) && isQuote(text[at]) {
		at++
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
	if at < len(text) && text[at] == '|' {
		if strings.HasPrefix(text[at:], "||") {
			at++
		}
		return at + 1, true
	}
	return -1, false
}

// closed is where the quote ends that closes a name, behind backslashes or not, and whether there is one.
func closed(text string, end int) (at int, is bool) {
	slashes := endOf(text, end, func(c byte) bool { return c == '\\' })
	if slashes < len(text) && isQuote(text[slashes]) {
		return slashes + 1, true
	}
	return end, false
}

// behindTypeOf passes over `: str = ` and `As String = ` before a quote; what follows without one is code.
func behindTypeOf(text string, end int) int {
	if found := behindType.FindStringSubmatchIndex(text[end:min(len(text), end+longestType)]); found != nil {
		return end + found[3]
	}
	return 0
}

// behindLabel passes over `: chr ` before a quote, as R shows a structure, and over ` cs1=` of ArcSight's format.
func behindLabel(text string, end int) int {
	if found := label.FindStringSubmatchIndex(text[end:min(len(text), end+longestType)]); found != nil {
		return end + found[1] - max(0, found[3]-found[2])
	}
	return 0
}

var label = regexp.MustCompile(`^(?::\s+chr\s+(")|\s(?:cs|cn|flexString)\d=)`)

// behindSign passes over `=`, `": `, `] => ` and their like.
func behindSign(text string, end int) int {
	sign, is := closed(text, end)
	if !is && strings.HasPrefix(text[end:], "`") {
		sign++
	}
	if sign < len(text) && text[sign] == ']' {
		sign++
	}
	sign = endOf(text, sign, isSpace)
	for _, equals := range []string{":=", "=>", "===", "==", "=", "：", "＝", ":"} {
		if strings.HasPrefix(text[min(sign, len(text)):], equals) {
			start := sign + len(equals)
			if equals == ":" {
				start = behindBlock(text, start)
			}
			return endOf(text, start, isSpace)
		}
	}
	return 0
}

// behindLength is what stands between two texts of a session of PHP, `s:3:"name";s:5:"value"`.
var behindLength = regexp.MustCompile(`^;[sS]:\d{1,6}:`).FindString

// behindQuote passes over `", `, `", "value": ` and `" value=`.
func behindQuote(text string, end int) int {
	at, is := closed(text, end)
	if !is {
		return 0
	}
	if found := behindLength(text[at:]); found != "" {
		return at + len(found)
	}
	next := endOf(text, at, isSpace)
	if next < len(text) && text[next] == ',' {
		return behindValue(text, endOf(text, next+1, isSpace))
	}
	return behindField(text, next)
}

// behindKeyOf passes over `,ParameterValue=`.
func behindKeyOf(text string, end int) int {
	if found := behindKey.FindStringIndex(text[end:min(len(text), end+longestType)]); found != nil {
		return end + found[1]
	}
	return 0
}

// behindItem passes over what stands before the bytes of Erlang, and before an item of a list of R.
func behindItem(text string, end int) int {
	if strings.HasPrefix(text[end:], "\n[1] ") {
		return end + len("\n[1] ")
	}
	if end < len(text) && text[end] == ',' {
		if next := endOf(text, end+1, isSpace); strings.HasPrefix(text[next:], "<<") {
			return next + 2
		}
	}
	return 0
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// behindStars is where a value begins behind a name in Markdown, `**name**: …` or `**name:** …`; 0 for nowhere.
func behindStars(text string, end int) int {
	at := end
	isInside := at < len(text) && text[at] == ':'
	if isInside {
		at++
	}
	stars := endOf(text[:min(len(text), at+2)], at, func(c byte) bool { return c == '*' })
	if stars == at {
		return 0
	}
	if at = stars; !isInside {
		if at >= len(text) || text[at] != ':' {
			return 0
		}
		at++
	}
	if start := endOf(text, at, isSpace); start > at {
		return start
	}
	return 0
}

// behindField passes over `value=`, `default=`, `value:` and `value { string_value:`, as Protobuf's text has it; 0 for none of them.
func behindField(text string, at int) int {
	begin := at
	for _, word := range []string{"value", "default", "content"} {
		if strings.HasPrefix(text[min(begin, len(text)):], word) {
			at = endOf(text, begin+len(word), isSpace)
		}
	}
	if at == begin || at >= len(text) {
		return 0
	}
	switch text[at] {
	case '=', ':':
		return endOf(text, at+1, isSpace)
	case '{':
		name := endOf(text, at+1, isSpace)
		if end := endOfRunes(text, name, isLetterOrNumber); end > name && size(text[name:end]) <= 20 && end < len(text) && text[end] == ':' {
			return endOf(text, end+1, isSpace)
		}
	}
	return 0
}

// behindBulk passes over the length of the next text of a command as it is sent to Redis.
func behindBulk(text string, end int) int {
	if found := bulk.FindString(text[end:min(len(text), end+longestType)]); found != "" {
		return end + len(found)
	}
	return 0
}

var bulk = regexp.MustCompile(`^(?:\\r\\n|\r\n)\$\d{1,6}(?:\\r\\n|\r\n)`)

// behindCell is where the content begins of the element behind the one that ends at a position, `</td><td class="…">`, or of what a
// colon parts from it, `</b>: <code>`; 0 for none.
func behindCell(text string, end int) int {
	if !strings.HasPrefix(text[end:], "</") {
		return 0
	}
	at := behindTag(text, end+2)
	if at == 0 || at >= len(text) || text[at] != '>' {
		return 0
	}
	at = endOf(text, at+1, isSpace)
	if at < len(text) && (text[at] == ':' || text[at] == '=') {
		at = endOf(text, at+1, isSpace)
		return max(at, behindOpening(text, at))
	}
	return behindOpening(text, at)
}

// behindOpening is where the content of an element begins that opens at a position; 0 for none.
func behindOpening(text string, at int) int {
	if at >= len(text) || text[at] != '<' {
		return 0
	}
	if at = behindTag(text, at+1); at == 0 || at >= len(text) {
		return 0
	}
	if isSpace(text[at]) {
		begin := at + 1
		at = endOfRunes(text, begin, func(r rune) bool { return r != '<' && r != '>' })
		if size(text[begin:at]) > 200 || at >= len(text) {
			return 0
		}
	}
	if text[at] != '>' {
		return 0
	}
	return at + 1
}

// behindTag is where the name of an element ends; 0 for none.
func behindTag(text string, begin int) int {
	end := endOfRunes(text, begin, func(r rune) bool { return r == ':' || r == '-' || isLetterOrNumber(r) })
	if end == begin || size(text[begin:end]) > 40 {
		return 0
	}
	return end
}

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
	rest := text[end+1:]
	for range 2 {
		line, is := strings.CutPrefix(strings.TrimPrefix(rest, "\r"), "\n")
		if !is {
			return 0
		}
		rest = line
	}
	return len(text) - len(rest)
}

// behindElement is where the content of an element of XML begins, behind its attributes; 0 for none.
func behindElement(text string, end int) int {
	if end < len(text) && isQuote(text[end]) {
		end++
	}
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
	if at = endOf(text, at+1, isBlank); !strings.HasPrefix(text[at:], "value:") && !strings.HasPrefix(text[at:], "Value:") {
		return 0
	}
	return endOf(text, at+len("value:"), isSpace)
}

// behindValue passes over the `"value":` of a pair that names both its parts, and over one item before it.
func behindValue(text string, at int) int {
	if name, next := itemAt(text, at); isOfValue(name) {
		return next
	} else if next > 0 && size(name) <= 20 && endOfRunes(name, 0, isLetterOrNumber) == len(name) && name != "" {
		if item, end := quotedAt(text, next); end > 0 && size(item) <= 60 && endOfRunes(item, 0, inItem) == len(item) {
			if end = endOf(text, end, isSpace); end < len(text) && text[end] == ',' {
				if name, next := itemAt(text, endOf(text, end+1, isSpace)); isOfValue(name) {
					return next
				}
			}
		}
	}
	return at
}

// isOfValue says whether an item holds the value of a pair that names both its parts: `value`, `ParameterValue`.
func isOfValue(name string) bool {
	before, is := strings.CutSuffix(name, "alue")
	if !is || before == "" || before[len(before)-1]|0x20 != 'v' {
		return false
	}
	before = before[:len(before)-1]
	return size(before) <= 20 && endOfRunes(before, 0, isLetterOrNumber) == len(before)
}

func inItem(r rune) bool { return r == '.' || r == '-' || isLetterOrNumber(r) }

// itemAt is the name of an item of a mapping, and where its value begins; 0 for none.
func itemAt(text string, at int) (name string, start int) {
	name, end := quotedAt(text, at)
	if end == 0 {
		return "", 0
	}
	if end = endOf(text, end, isSpace); end < len(text) && text[end] == ':' {
		return name, endOf(text, end+1, isSpace)
	}
	return "", 0
}

// quotedAt is a short text in quotes, with backslashes before them or not, and where it ends; 0 for none.
func quotedAt(text string, at int) (inside string, end int) {
	isSlash := func(c byte) bool { return c == '\\' }
	open := endOf(text, at, isSlash)
	if open >= len(text) || !isQuote(text[open]) {
		return "", 0
	}
	stop := endOf(text[:min(len(text), open+300)], open+1, func(c byte) bool { return c != '\\' && !isQuote(c) })
	closing := endOf(text, stop, isSlash)
	if closing >= len(text) || !isQuote(text[closing]) {
		return "", 0
	}
	return text[open+1 : stop], closing + 1
}
