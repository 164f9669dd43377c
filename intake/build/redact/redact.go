// Package redact takes secrets out of what senders without botobs' SDK send, as the SDK does before it sends: by names, by what
// a run of characters looks like, and by the word in front of it. The words are those of botobs/_sdk/redaction/rules.toml.
//
// Every rule takes time in proportion to a text.
package redact

import (
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mark stands in place of a secret.
const Mark = "[redacted]"

// longest is what of a text is looked at; the collector cuts every text to less.
const longest = 64 << 10

// shortestText is of characters: no rule finds anything in a text of fewer.
const shortestText = 6

var texts unchanged

// Text is a text without what looks like a secret in it. Under is the name of the attribute whose value it is.
func Text(text, under string) string {
	return texts.left(text, under, digest(under), func(text string) string { return searched(text, under) })
}

func searched(text, under string) string {
	text = head(text)
	if count := size(text); count < shortestText || count < shortestNamed && isOf(text, unicode.IsLetter) {
		return text
	}
	found := signsIn(text)
	if found&escapes != 0 {
		// Codes of colors between a name and its value hide the pair.
		plain := withoutColors(text)
		if bare := unwrapped(plain, under, found); bare != plain {
			return bare
		}
	}
	return unwrapped(text, under, found)
}

// signs are characters without which rules need not look at a text; most are short, and hold few.
type signs uint16

const (
	escapes signs = 1 << iota
	percents
	blanks
	dashes
	colons
	bars
	encodings
	questions
	// shouts: a letter of each of the words PASS, LOGIN, AUTH and BY.
	shouts
	slashes
	brackets
	ats
	dollars
)

var signOf = func() (table [256]signs) {
	for text, sign := range map[string]signs{
		"\x1b": escapes, "%": percents, " \t\r\n": blanks, "-": dashes, ":": colons, "|^\x01": bars, "&\\\xe2\xe3\xc2\xef": encodings, "?": questions, "SGUY": shouts,
		"/": slashes, "[({": brackets, "@": ats, "$": dollars,
	} {
		for at := range len(text) {
			table[text[at]] |= sign
		}
	}
	return table
}()

func signsIn(text string) (found signs) {
	for at := range len(text) {
		found |= signOf[text[at]]
	}
	return found
}

func head(text string) string {
	if len(text) <= longest {
		return text
	}
	end := longest
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// unwrapped also looks at a text as it was before it was encoded for a page or an address.
func unwrapped(text, under string, found signs) string {
	if found&encodings != 0 && slices.ContainsFunc(marksOfEscapes, func(mark string) bool { return strings.Contains(text, mark) }) {
		plain := straightQuotes.Replace(withoutEscapes(html.UnescapeString(text)))
		if bare := rules(plain, under); bare != plain {
			text = bare
		}
	}
	text = rules(text, under)
	if found&percents != 0 {
		text = encoded(text)
	}
	return text
}

// marksOfEscapes are those of HTML, of JSON as it is written for pages, of the logs of nginx, and of quotes of other scripts.
var marksOfEscapes = []string{"&quot;", "&#3", "&#x", "&lt;", "&apos;", `\u`, `\x2`, `\x3`, `:\/\/`, "“", "„", "«", "「", "『", "＂", "‘"}

var straightQuotes = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`, "「", `"`, "」", `"`, "『", `"`, "』", `"`, "＂", `"`, "‘", "'", "’", "'")

// withoutEscapes is a text with the characters themselves in place of `\u0022` and `\x22`: no sign of control, and no half of one.
func withoutEscapes(text string) string {
	var out edit
	for at := 0; at+2 <= len(text); at++ {
		if text[at] == '\\' && text[at+1] == '/' {
			out.put(text, at, at+2, "/")
			at++
			continue
		}
		if at+4 > len(text) || text[at] != '\\' || text[at+1] != 'u' && text[at+1] != 'x' {
			continue
		}
		end, highest := at+4, uint64(0x7f)
		if text[at+1] == 'u' {
			end, highest = at+6, utf8.MaxRune
		}
		if end > len(text) {
			continue
		}
		sign, err := strconv.ParseUint(text[at+2:end], 16, 32)
		if err == nil && sign >= ' ' && sign <= highest && utf8.ValidRune(rune(sign)) {
			out.put(text, at, end, string(rune(sign)))
			at = end - 1
		}
	}
	return out.end(text)
}

// plain is a text without what looks like a secret in it: a value of a query, in which another address loses its own.
func plain(text string) string { return ruled(text, "", nil) }

func rules(text, under string) string { return ruled(text, under, plain) }

func ruled(text, under string, ofQueries cleaner) string {
	found := signsIn(text)
	if found&dashes != 0 && (strings.Contains(text, "-----BEGIN") || strings.Contains(text, "-----END")) {
		text = withoutKeyBlocks(text)
	}
	if len(text) >= shortestNamed {
		text = withoutWebTokens(text)
	}
	if found&colons != 0 {
		text = withoutAddresses(text, ofQueries)
	}
	if found&questions != 0 {
		text = withoutQueries(text, ofQueries)
	}
	if found&dollars != 0 {
		text = withoutHashes(text)
	}
	// Before pairs, of which some would take a word of it.
	if len(text) >= shortestMnemonic {
		text = withoutPhrases(text)
	}
	if found&brackets != 0 && len(text) >= shortestOctets {
		text = withoutOctets(text)
	}
	text = withoutMarked(text, marks(text))
	if found&(shouts|dashes|bars|colons|slashes|blanks) != 0 {
		text = withoutCommands(text)
	}
	if found&dashes != 0 {
		text = withoutLogins(text)
	}
	if found&ats != 0 {
		text = withoutBareLogins(text)
	}
	if len(text) >= shortestNamed {
		text = withoutRuns(text, under)
	}
	return text
}

// hash is a password as it is kept.
var hash = regexp.MustCompile(strings.Join(hashes, "|"))

func withoutHashes(text string) string { return hash.ReplaceAllLiteralString(text, Mark) }

func withoutMarked(text string, found kinds) string {
	if found == 0 {
		return text
	}
	text = withoutQuotes(text, found)
	if found.has(ofSchemes) {
		text = withoutSchemes(text)
	}
	if found.has(ofCookies) {
		text = withoutCookies(text)
	}
	text = withoutPairs(withoutFirstCodes(text))
	if strings.Contains(text, "\n") {
		text = withoutColumns(text)
		if strings.Contains(text, corner) {
			text = withoutDrawn(text)
		}
	}
	return text
}

var codeFirst = regexp.MustCompile(`(\d{4,8}) is (?:your|the) [\w -]{0,40}code\b`)

// withoutFirstCodes takes out `123456 is your … code`.
func withoutFirstCodes(text string) string {
	if !strings.Contains(text, " is ") {
		return text
	}
	var out edit
	for _, found := range codeFirst.FindAllStringSubmatchIndex(text, -1) {
		before, _ := utf8.DecodeLastRuneInString(text[:found[2]])
		if found[2] == 0 || before != '.' && !isLetterOrNumber(before) {
			out.put(text, found[2], found[3], Mark)
		}
	}
	return out.end(text)
}

// encoded cleans words that were encoded for an address, once or more: they stay as they were before, where a secret was in one.
func encoded(text string) string {
	var out edit
	for at := 0; at < len(text); {
		end := at
		for end < len(text) && !isSpace(text[end]) {
			end++
		}
		if word := text[at:end]; hasEncoded(word) {
			plain := strings.ReplaceAll(word, "+", " ")
			for range 3 {
				plain = unquoted(plain)
			}
			if bare := rules(plain, ""); bare != plain {
				out.put(text, at, end, bare)
			}
		}
		at = end + 1
	}
	return out.end(text)
}

func hasEncoded(word string) bool {
	for at := 0; at+2 < len(word); at++ {
		if word[at] == '%' && isHex(word[at+1]) && isHex(word[at+2]) {
			return true
		}
	}
	return false
}

// unquoted is a text without the encoding of addresses; what is none stays.
func unquoted(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	made := make([]byte, 0, len(text))
	for at := 0; at < len(text); at++ {
		if text[at] == '%' && at+2 < len(text) && isHex(text[at+1]) && isHex(text[at+2]) {
			made = append(made, digit(text[at+1])<<4|digit(text[at+2]))
			at += 2
		} else {
			made = append(made, text[at])
		}
	}
	return strings.ToValidUTF8(string(made), "\uFFFD")
}

func withoutColors(text string) string {
	var out edit
	for at := 0; ; {
		found := strings.Index(text[at:], "\x1b[")
		if found < 0 {
			return out.end(text)
		}
		begin := at + found
		at = begin + 2
		for at < len(text) && (isDigit(text[at]) || text[at] == ';') {
			at++
		}
		if at < len(text) && text[at] == 'm' {
			at++
			out.put(text, begin, at, "")
		}
	}
}

var login = regexp.MustCompile(`(?:-u|--user|--proxy-user)[ =]['"]?[^\s:'"]{1,64}:([^\s'"]+)`)

// withoutLogins takes the password out of `curl -u bot:…`.
func withoutLogins(text string) string {
	if !strings.Contains(text, "-u") {
		return text
	}
	var out edit
	for _, found := range login.FindAllStringSubmatchIndex(text, -1) {
		out.put(text, found[2], found[3], Mark)
	}
	return out.end(text)
}

// withoutBareLogins takes the password out of `user:password@host` where an address has lost its scheme; of Oracle's addresses, and
// of Go's of MySQL.
func withoutBareLogins(text string) string {
	var out edit
	for at := 0; at < len(text); at++ {
		if text[at] != '@' {
			continue
		}
		begin := at
		for begin > 0 && at-begin < 128 && !isSpace(text[begin-1]) && strings.IndexByte(":@/'\"()", text[begin-1]) < 0 {
			begin--
		}
		if at-begin < 4 || begin < 2 || begin-1 < out.done || !isNameOfUser(text[:begin-1]) {
			continue
		}
		sign, rest := text[begin-1], text[at+1:min(len(text), at+300)]
		if (sign == ':' && isHostOfLogin(rest) || sign == '/' && strings.HasPrefix(rest, "//")) && isLikeAPassword(text[begin:at]) {
			out.put(text, begin, at, Mark)
		}
	}
	return out.end(text)
}

// isNameOfUser says whether a text ends with what may be the name of a user.
func isNameOfUser(text string) bool {
	begin := len(text)
	for begin > 0 && len(text)-begin <= 64 && (isWord(text[begin-1]) || text[begin-1] == '.' || text[begin-1] == '-') {
		begin--
	}
	return begin < len(text) && len(text)-begin <= 64
}

// edit makes a text from another one in which some parts are replaced, from its beginning to its end. What is replaced nowhere
// is not copied.
type edit struct {
	made strings.Builder
	done int
	is   bool
}

// put replaces text[begin:end]; begin is not before the end of the part replaced last.
func (e *edit) put(text string, begin, end int, by string) {
	e.made.WriteString(text[e.done:begin])
	e.made.WriteString(by)
	e.done, e.is = end, true
}

func (e *edit) end(text string) string {
	if !e.is {
		return text
	}
	e.made.WriteString(text[e.done:])
	return e.made.String()
}
