package redact

import (
	"iter"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// longestGuess is how much of a value is looked at that may be none: what promises a secret is taken wholly, and once.
const longestGuess = 512

// longestBefore is how far before its name a value is looked for.
const longestBefore = 400

var (
	isNamed    = regexp.MustCompile(`(?i)name\\*['"]?\s?[:=]\s?\\*['"]$`).MatchString
	beforeName = regexp.MustCompile(`(?i)value\\*['"]?\s?[:=]\s?\\*['"]([^'"<>\\]{1,200})\\*['"]\s?,?\s?(?:[\w-]{1,30}=['"][^'"<>]{0,100}['"]\s){0,3}` +
		`\\*['"]?name\\*['"]?\s?[:=]\s?\\*['"]$`)
)

// withoutPairs takes out the values beside names that promise a secret: `name=value`, `name: value`, `"name": "value"`,
// `('name', 'value')`, `{"name": "x-api-key", "value": "…"}`, `<name>value</name>`, `--name value`, `name is value`; escaped once or
// more.
func withoutPairs(text string) string {
	var out edit
	var values []string
	// Names without a value beside them, and how far what is in front of them has been moved.
	var alone []named
	moved := 0
	for name := range namesIn(text) {
		if name.begin < out.done {
			continue
		}
		start, stop, by := valueBehind(text, name.begin, name.end, name.promised)
		if stop <= start {
			start, stop, by = valueBefore(text, max(out.done, name.begin-longestBefore), name.begin, name.promised)
		}
		if stop <= start || start < out.done {
			alone = append(alone, named{name.begin + moved, name.end + moved, name.promised})
			continue
		}
		// A value in front of its name may hold names that nothing is beside.
		for len(alone) > 0 && alone[len(alone)-1].end > start+moved {
			alone = alone[:len(alone)-1]
		}
		out.put(text, start, stop, by)
		moved += len(by) - (stop - start)
		if value := text[start:stop]; by == Mark && len(values) < mostValues && isLikeAToken(value) {
			values = append(values, value)
		}
	}
	text, near := withoutNear(out.end(text), alone)
	values = append(values, near[:min(len(near), mostValues-len(values))]...)
	for _, value := range values {
		text = strings.ReplaceAll(text, value, Mark)
	}
	return text
}

// mostValues of one text are looked for in the rest of it.
const mostValues = 8

type named struct {
	begin, end int
	promised   string
}

// namesIn are the names in a text that promise something.
func namesIn(text string) iter.Seq[named] {
	return func(yield func(named) bool) {
		for from, last := 0, 0; ; {
			at, size := mark(text, from)
			if size == 0 {
				return
			}
			if from = at + size; at < last {
				continue
			}
			begin, end := around(text, at)
			if promised := promiseBehind(text, begin, end); promised != aNothing {
				if last = end; !yield(named{begin, end, promised}) {
					return
				}
			}
		}
	}
}

// around is where the name begins and ends that is around a position. Letters of any script are of a name.
func around(text string, at int) (begin, end int) {
	begin, end = at, at
	for begin > 0 && at-begin < longestName {
		r, size := utf8.DecodeLastRuneInString(text[:begin])
		if !inName(r) {
			break
		}
		begin -= size
	}
	// `\n` as it is written for a line's end.
	if begin > 0 && begin < at && text[begin-1] == '\\' && strings.IndexByte("nrt", text[begin]) >= 0 && (begin < 2 || text[begin-2] != '\\') {
		begin++
	}
	for end < len(text) && end-at < longestName {
		r, size := utf8.DecodeRuneInString(text[end:])
		if !inName(r) {
			break
		}
		end += size
	}
	return begin, end
}

func inName(r rune) bool { return r == '.' || r == '-' || isLetterOrNumber(r) }

// valueBehind is where the value stands of a name, and what comes in its place.
func valueBehind(text string, begin, end int, promised string) (start, stop int, by string) {
	name, nameEnd := text[begin:end], end
	start, spoken := behindName(text, end)
	if start < 0 && begin > 0 && text[begin-1] == '[' && strings.HasPrefix(text[end:], ", ") {
		// As C# writes an item of a mapping: `[Name, value]`.
		return spokenValue(text, begin, name, end+2, promised)
	}
	if start < 0 || isRedacted(text, start) {
		return 0, 0, ""
	}
	if spoken {
		if begin, end, is := quoted(text, start); is && promised != aSecret && text[start-1] == '(' {
			// `from_key('…')`
			return decided(text, begin, end, promised)
		}
		return spokenValue(text, begin, name, start, promised)
	}
	if begin, end, is := quoted(text, start); is {
		if strings.Contains(text[nameEnd:start], ",") && isNameInQuotes(text, end) {
			return 0, 0, ""
		}
		if _, second, is := quoted(text, changedTo(text, end)); is && isPassword(promised) {
			return begin, second, Mark
		}
		return decided(text, begin, endOfLiterals(text, text[nameEnd:start], end, promised), promised)
	}
	if start < len(text) && strings.IndexByte("[({", text[start]) >= 0 {
		return listed(text, start, promised)
	}
	if isEmptyPair(text, text[nameEnd:start], start) {
		return 0, 0, ""
	}
	if strings.HasPrefix(text[start:], "> ") && strings.Contains(text[nameEnd:start], "\n") {
		// The next line of a mail.
		start += 2
	}
	if strings.HasPrefix(text[start:], "- ") && strings.Contains(text[nameEnd:start], "\n") {
		if stop := linesOfItems(text, start); stop > 0 && promised == aSecret {
			return start + 2, stop, Mark
		}
		return 0, 0, ""
	}
	lowered := strings.ToLower(name)
	if isCredentialHeader(lowered) {
		stop := restOfLine(text, start)
		if isPlainLine(text[start:stop]) {
			return 0, 0, ""
		}
		return start, stop, Mark
	}
	if slices.ContainsFunc(phrases, func(word string) bool { return strings.Contains(lowered, word) }) {
		least := fewestWords
		if promised == aSecret {
			least = 3
		}
		if stop, count := phrase(text, start); count >= least {
			return start, stop, Mark
		}
	}
	if strings.Contains(text[nameEnd:start], ",") && isArgument(text[start:]) {
		return 0, 0, ""
	}
	if text[start-1] == '>' && (start-2 < nameEnd || text[start-2] != '=' && text[start-2] != '-') {
		// What an element holds ends with it, whatever signs are in it.
		if end := strings.IndexByte(text[start:min(len(text), start+longestContent)], '<'); end >= 0 && strings.HasPrefix(text[start+end:], "</") {
			return decided(text, start, start+end, promised)
		}
	}
	behind := start
	if promised != aSecret {
		guess := word(text[:min(len(text), start+longestGuess)], start)
		if _, stop, _ := decided(text, start, guess, promised); stop == 0 {
			return remarked(text, name, start, promised)
		}
	}
	stop = word(text, start)
	if stop < len(text) && strings.IndexByte("&)}],;", text[stop]) >= 0 {
		// What ends a word may stand in a password as well.
		whole := endOf(text[:ahead(text, start, longestGuess)], start, func(c byte) bool { return !isSpace(c) && strings.IndexByte(`'"<>|`, c) < 0 })
		if isDense(text[start:whole]) {
			stop = whole
		}
	}
	if strings.ContainsFunc(text[start:stop], isLetterOrDigit) {
		start, stop, by = decided(text, start, stop, promised)
	} else {
		stop = 0
	}
	if stop == 0 {
		return remarked(text, name, behind, promised)
	}
	return start, stop, by
}

var isMapping = regexp.MustCompile(`^- [\pL\pN_-]{1,60}:\s`).MatchString

// linesOfItems is where the items of a list in YAML end that are no mappings; 0 for none.
func linesOfItems(text string, start int) int {
	line := func(at int) int { return endOf(text, at, func(c byte) bool { return c != '\n' }) }
	stop := line(start)
	if stop == start+2 || isMapping(text[start:min(len(text), start+longestType*4)]) {
		return 0
	}
	for stop < len(text) {
		next := endOf(text, stop+1, isBlank)
		if !strings.HasPrefix(text[next:], "- ") {
			break
		}
		stop = line(next)
	}
	return stop
}

// longestContent is of an element.
const longestContent = 8192

// phrases are parts of the names of mnemonics.
var phrases = []string{"mnemonic", "phrase", "seed", "words"}

// changedTo is where the second value begins of `"old" -> "new"`; -1 for none.
func changedTo(text string, end int) int {
	at := endOf(text, end, func(c byte) bool { return c == '\\' })
	if at < len(text) && isQuote(text[at]) && strings.HasPrefix(text[at+1:], " -> ") {
		return at + 1 + len(" -> ")
	}
	return -1
}

var (
	// nextLiteral: `'first half ' 'second half'`, as Python breaks a long text; difference: what pytest shows of two texts that differ.
	nextLiteral = regexp.MustCompile(`^['"][ \t]*\r?\n[ \t]*['"]`)
	difference  = regexp.MustCompile(`^['"](?:\r?\n[E ]{0,9}[-+?] [^\n]*)+`)
	// nextPair stands behind a sign and a blank, and nothing in front of it.
	nextPair = regexp.MustCompile(`^([A-Za-z_][\pL\pN_.-]{1,60}=)(?:['"\pL\pN_/]|(\s|$))`)
)

// endOfLiterals is the end of a value in quotes that goes on in the next line, or of what it is compared with.
func endOfLiterals(text, between string, end int, promised string) int {
	most := len(text)
	if promised != aSecret {
		most = min(most, ahead(text, end, longestGuess))
	}
	if strings.Contains(between, "==") {
		if found := difference.FindString(text[end:most]); found != "" {
			return end + len(found)
		}
	}
	for {
		found := nextLiteral.FindString(text[min(end, most):most])
		if found == "" {
			return end
		}
		_, next, is := quoted(text, end+len(found)-1)
		if !is || isNameInQuotes(text, next) {
			return end
		}
		end = next
	}
}

// isEmptyPair says whether `name=` has no value: the line ends behind it, or the next pair comes.
func isEmptyPair(text, between string, start int) bool {
	if !strings.HasPrefix(between, "=") || !isSpace(between[len(between)-1]) {
		return false
	}
	if strings.Contains(between, "\n") {
		return true
	}
	found := nextPair.FindStringSubmatch(text[start:min(len(text), start+longestType*5)])
	// Base64 has four characters and again four.
	return found != nil && (len(found[0]) > len(found[1]) && !isSpace(found[0][len(found[0])-1]) || size(found[1])%4 != 0)
}

// decided is a value if it is a secret.
func decided(text string, begin, end int, promised string) (start, stop int, by string) {
	value := text[begin:end]
	if promised != aSecret && len(value) > longestGuess {
		value = value[:longestGuess]
	}
	if !isSecret(promised, value) {
		return 0, 0, ""
	}
	return begin, end, Mark
}

func isRedacted(text string, at int) bool {
	at = endOf(text, at, func(c byte) bool { return strings.IndexByte(`\b'"[`, c) >= 0 })
	return at > 0 && strings.HasPrefix(text[at-1:], Mark)
}

func isCredentialHeader(lowered string) bool {
	return strings.HasPrefix(lowered, "authorization") || strings.HasPrefix(lowered, "x-auth") ||
		strings.HasPrefix(lowered, "proxy-authorization")
}

// restOfLine goes to the end of a line or of a quotation, over the parameters of a scheme: `Digest username="u", response="…"`.
func restOfLine(text string, start int) int {
	for at := start; at < len(text); at++ {
		switch text[at] {
		case '\n', '\'', '\\':
			return at
		case '"':
			if text[at-1] != '=' {
				return at
			}
			end := strings.IndexAny(text[at+1:], "\"\n")
			if end < 0 || text[at+1+end] == '\n' {
				return at
			}
			at += 1 + end
		}
	}
	return len(text)
}

var isOfWords = regexp.MustCompile(`^[a-z]{0,14}(?: [a-z]{1,14})*[.,;]?$`).MatchString

func isPlainLine(line string) bool { return len(line) <= longestGuess && isOfWords(line) }

// phrase is where words in a row end, one or two blanks or a comma between them, and how many there are.
func phrase(text string, start int) (stop, count int) {
	// Words that a comma alone parts count as one.
	isApart := true
	for at := start; at < len(text); {
		end := at
		for end < len(text) {
			r, size := utf8.DecodeRuneInString(text[end:])
			if r == '\u3000' || r < 0x80 && (isSpace(byte(r)) || strings.IndexByte(`,.:;="'(){}<>`, byte(r)) >= 0) {
				break
			}
			if count == 0 && r < 0x80 && isDigit(byte(r)) {
				break
			}
			end += size
		}
		if end == at {
			break
		}
		if isApart {
			count++
		}
		stop, at, isApart = end, end, false
		for blanks := 0; blanks < 2 && at < len(text); blanks++ {
			if text[at] == ' ' || text[at] == ',' {
				isApart = isApart || text[at] == ' '
				at++
			} else if strings.HasPrefix(text[at:], "\u3000") {
				at += len("\u3000")
				isApart = true
			}
		}
		if at == end {
			break
		}
	}
	return stop, count
}

// valueBefore is the value that stands before its name: `value="…" name="…"`.
func valueBefore(text string, least, begin int, promised string) (start, stop int, by string) {
	for least < begin && !utf8.RuneStart(text[least]) {
		least++
	}
	if begin-least < len("value='x'name='") || !isNamed(text[max(least, begin-16):begin]) {
		return 0, 0, ""
	}
	found := beforeName.FindStringSubmatchIndex(text[least:begin])
	if found == nil || !isSecret(promised, text[least+found[2]:least+found[3]]) {
		return 0, 0, ""
	}
	return least + found[2], least + found[3], Mark
}
