package redact

import (
	"regexp"
	"strings"
)

type quoteRule struct {
	kind  int
	begin *regexp.Regexp
	// end is what a value ends with: its quote, the last bracket of its line, or those of rows with literals in them.
	end string
}

var (
	quoteRules = func() (found []quoteRule) {
		for _, each := range quotedValues {
			found = append(found, quoteRule{kindOf(each.marker), regexp.MustCompile(each.begin), each.end})
		}
		return found
	}()
	// A keyword or a name of the statement, a number, a sign.
	isHarmless = regexp.MustCompile(`^(?:[A-Za-z_]{0,14}|[+-]?\d{1,3}|\d{9,20}|\d{1,20}(?:[-_:][A-Z]{2,12}){1,3}|[+-]?\d{0,9}[.,][\d.,]{1,12}|[^\pL\pN_]{1,3}|[A-Z0-9]{1,8}/[A-Z0-9:]{1,12})$`).MatchString
	// isOfChain: an address, what tells a function, nothing.
	isOfChain = regexp.MustCompile(`^0x(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{0,8})$`).MatchString
	// The columns of a statement or of a key, and the names in them.
	columnsOf = regexp.MustCompile(`\(([^()\n]{1,300})\)[^()]*\(?$`)
	isColumn  = regexp.MustCompile(`^[A-Za-z_][\pL\pN_.]{0,60}$`).MatchString
	statement = regexp.MustCompile(`LINE \d{1,6}: `)
)

// withoutQuotes takes out what errors quote: statements with literals, parameters, values.
func withoutQuotes(text string, found kinds) string {
	if found.has(ofStatement) {
		text = bracketed(text, "[SQL: ", true, endsStatement)
	}
	if found.has(ofParameters) {
		text = bracketed(text, "[parameters: ", false, endsParameters)
	}
	if found.has(ofLine) {
		text = withoutStatements(text)
	}
	for _, rule := range quoteRules {
		if found.has(rule.kind) {
			text = withoutQuoted(text, rule)
		}
	}
	return text
}

// bracketed takes out what stands between a bracket with a word and the bracket that closes it, if a quote is in it.
func bracketed(text, begin string, quotes bool, isEnd func(rest string) bool) string {
	var out edit
	for at := 0; ; {
		found := strings.Index(text[at:], begin)
		if found < 0 {
			return out.end(text)
		}
		start := at + found + len(begin)
		end := start
		for end < len(text) && !(text[end] == ']' && isEnd(text[end+1:])) {
			end++
		}
		if !quotes || some(text[start:end], isQuote) {
			out.put(text, start, end, Mark)
		}
		at = end
	}
}

// endsStatement says whether a bracket closes a statement, by what stands behind it.
func endsStatement(rest string) bool {
	return rest == "" || isSpace(rest[0]) || strings.IndexByte("\\\"'", rest[0]) >= 0
}

// endsParameters says it of parameters, in which brackets stand before quotes as well.
func endsParameters(rest string) bool {
	next := endOf(rest, 0, isSpace)
	return next == len(rest) || strings.IndexByte("\\\"", rest[next]) >= 0 || strings.Contains(rest[:next], "\n") ||
		strings.HasPrefix(rest[next:], "(Background")
}

// withoutStatements takes out the lines of statements that PostgreSQL quotes, if a literal is in one.
func withoutStatements(text string) string {
	var out edit
	for at := 0; ; {
		found := statement.FindStringIndex(text[at:])
		if found == nil {
			return out.end(text)
		}
		begin := at + found[1]
		at = endOfLine(text, begin)
		if some(text[begin:at], isQuote) {
			out.put(text, begin, at, Mark)
		}
	}
}

// endOfLine is where a line ends, written as it is or escaped.
func endOfLine(text string, at int) int {
	for ; at < len(text) && text[at] != '\n'; at++ {
		if text[at] == '\\' {
			end := endOf(text, at, func(c byte) bool { return c == '\\' })
			if end < len(text) && text[end] == 'n' {
				return at
			}
			at = end - 1
		}
	}
	return at
}

func withoutQuoted(text string, rule quoteRule) string {
	if rule.end == "named" {
		return withoutNamed(text, rule)
	}
	var out edit
	for at := 0; at < len(text); {
		found := rule.begin.FindStringIndex(text[at:])
		if found == nil {
			break
		}
		start := at + found[1]
		at = max(start, at+1)
		begin, end := start, start
		if rule.end == "bracket" {
			begin, end = inBrackets(text, start)
		} else if rule.end == "row" {
			if end = endOfRows(text, start); !hasLiteral(text[start:end]) {
				// It is not looked at again.
				begin, at = end, max(at, end)
			}
		} else if from, to, is := quoted(text, start); is && !isPlainValue(text[from:to]) {
			begin, end = from, to
		}
		said := text[start-found[1]+found[0] : start]
		if end > begin && (rule.end == "row" || rule.end == "bracket" && strings.HasPrefix(said, "Key")) && hasPlainColumns(said) {
			begin, at = end, max(at, end)
		}
		if end > begin {
			out.put(text, begin, end, Mark)
			at = end
		}
	}
	return out.end(text)
}

func isPlainValue(value string) bool {
	return isMarket(value) || isOfChain(value) || isHarmless(value) && !looksRandomLetters(value)
}

// withoutNamed: of what was said of a value that stands in front of it, or in brackets, only what looks like a token is one.
func withoutNamed(text string, rule quoteRule) string {
	var out edit
	for _, found := range rule.begin.FindAllStringSubmatchIndex(text, -1) {
		value := text[found[2]:found[3]]
		if (isLikeAToken(value) || isUUID(value) || isAtRandom(value, shortestHexIssued)) && !isNamedID(text[max(0, back(text, found[0], lookBack)):found[0]]) {
			out.put(text, found[2], found[3], Mark)
		}
	}
	return out.end(text)
}

// hasPlainColumns says whether what stands before a row, or a key, names columns of which all are plainly innocent.
func hasPlainColumns(said string) bool {
	found := columnsOf.FindStringSubmatch(said)
	if found == nil {
		return false
	}
	for name := range strings.SplitSeq(found[1], ",") {
		if !isPlainColumn(name) {
			return false
		}
	}
	return true
}

func isPlainColumn(name string) bool {
	name = strings.Trim(name, " \t\r\n\"'`[]")
	if !isColumn(name) || promise(name) != aNothing {
		return false
	}
	last := strings.ToLower(name)
	last = last[strings.LastIndexByte(last, '.')+1:]
	last = last[strings.LastIndexByte(last, '_')+1:]
	return plainColumns[last] || wordsOfIDs[last]
}

// endOfRows is the end of what is in the brackets that have opened before a position, and in those that follow behind a comma.
func endOfRows(text string, start int) int {
	end := bracket(text, start-1)
	for {
		next := endOf(text, end, isSpace)
		if next >= len(text) || text[next] != ',' {
			break
		}
		if next = endOf(text, next+1, isSpace); next >= len(text) || text[next] != '(' {
			break
		}
		end = bracket(text, next)
	}
	if text[end-1] == ')' {
		end--
	}
	return max(end, start)
}

func hasLiteral(row string) bool {
	for at := 1; at < len(row); at++ {
		if isQuote(row[at-1]) && !isQuote(row[at]) {
			return true
		}
	}
	return false
}

// inBrackets: values hold brackets too, so it is the last one of the line.
func inBrackets(text string, start int) (begin, end int) {
	if start >= len(text) || strings.IndexByte("({[", text[start]) < 0 {
		return start, start
	}
	closing := map[byte]string{'(': ")", '{': "}", '[': "]"}[text[start]]
	line := text[start+1 : endOfLine(text, start)]
	if last := strings.LastIndex(line, closing); last >= 0 {
		line = line[:last]
	}
	return start + 1, start + 1 + len(line)
}
