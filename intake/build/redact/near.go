package redact

import (
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"
)

// farthest is how many characters may stand between a name and its value.
const farthest = 160

// run is a text without blanks and signs that part texts.
const run = `[^ \t\r\n'"\\<>|,;:=&(){}\[\]` + "`" + `]{8,200}={0,2}`

var (
	// beside is what signs alone part from a name; a pair may say `value` or `default` in front of it.
	beside = regexp.MustCompile(`^[ \t\r\n!-/:-@\[-^` + "`" + `{-~\x{2190}-\x{21ff}\x{2500}-\x{257f}\x{279c}]{1,24}` +
		`(?:(?:[vV]alue|default)[ \t\r\n!-/:-@\[-^` + "`" + `{-~]{1,12})?`)
	behindSigns = regexp.MustCompile("^" + run)
	// said: `expected the password, got '…'`; nextLine: what has a line to itself below the name.
	said     = regexp.MustCompile(`^['"]?[,;:]? (?:but |and )?(?:got|new value(?: is)?|now):? ['"]?([^\s'",;]{6,200})`)
	nextLine = regexp.MustCompile(`^\r?\n([^\s:=]{6,200})(?:\r?\n|$)`)
	digits   = regexp.MustCompile(`^\d{4,8}`)
	inQuotes = regexp.MustCompile("^[^'\"`\r\n]{6,200}")
	// isSaid: `… is the password`.
	isSaid = regexp.MustCompile(`^['"]? (?:(?:is|was) (?:the|your|my|its|our|new|a|an) |as (?:the |new |a |an )?)$`).MatchString
	// standing are texts in quotes, behind a verb or an arrow, alone in their line; or any other run, which is judged more strictly.
	standing = regexp.MustCompile(`['"]([^'"\\ \t\r\n]{8,200})['"]` +
		`|(?: (?:is|was|got|value):? | (?:->|=>|→|➜) |\n[ \t]{0,16})([^'"\\ \t\r\n]{8,200})(?:[\n ]|$)` +
		"|(" + run + ")")
)

// withoutNear takes out what stands near the name of a secret that no value is beside, if it looks like one. Validators,
// assertions, shells and serializers write a name and its value in ways that nobody can list. Where signs alone are between the
// two, the text behind them is the value. Farther away the value is the nearest text that stands by itself, looks like a token,
// and is not called an id by the word in front; this is for names that promise a secret for certain.
func withoutNear(text string, names []named) (left string, values []string) {
	var out edit
	near := candidates{text: text}
	for _, name := range names {
		if name.begin < out.done {
			continue
		}
		begin, end := valueBeside(text, name)
		if begin < 0 {
			begin, end = valueTold(text, name)
		}
		if begin < 0 && isPassword(name.promised) {
			if near.has(name.end, ahead(text, name.end, farthest)) {
				begin, end = nearBehind(text, name.end)
			}
			if least := max(out.done, back(text, name.begin, farthest)); begin < 0 && near.has(least, name.begin) {
				begin, end = nearBefore(text, out.done, name.begin)
			}
		}
		if begin < 0 && isOfToken[name.promised] {
			begin, end = tokenNear(text, out.done, name)
		}
		if begin >= 0 {
			out.put(text, begin, end, Mark)
			values = append(values, text[begin:end])
		}
	}
	return out.end(text), values
}

// candidates are where a text has what may be a value: most names have none near them, and a text may hold nothing but names.
type candidates struct {
	text   string
	places [][2]int
	isDone bool
}

// has says whether one is, in whole or in part, between two positions.
func (c *candidates) has(least, most int) bool {
	if !c.isDone {
		c.places, c.isDone = placesOfValues(c.text), true
	}
	first := sort.Search(len(c.places), func(at int) bool { return c.places[at][1] > least })
	return first < len(c.places) && c.places[first][0] < most
}

// placesOfValues are the runs of a text that are long enough, or have in front of them what stands in front of a short one.
func placesOfValues(text string) (places [][2]int) {
	for at := 0; at < len(text); at++ {
		begin := at
		at = endOf(text, at, isInValue)
		if length := at - begin; length >= shortestNamed || length >= shortestValue &&
			(isInFront(text[max(0, begin-longestInFront):begin]) || isSaidBehind(text[at:])) {
			places = append(places, [2]int{begin, at})
		}
	}
	return places
}

// shortestValue is of a value that something sets apart; longestInFront is how long that may be.
const (
	shortestValue  = 8
	longestInFront = 17
)

var isInFront = regexp.MustCompile(`(?:['"]|(?:is|was|got|value):? |(?:->|=>|→|➜) |\n[ \t]{0,16})$`).MatchString

var isSaidBehind = regexp.MustCompile(`^['"]? (?:is|was|as) `).MatchString

func isInValue(c byte) bool { return strings.IndexByte("'\"\\ \t\r\n", c) < 0 }

func valueBeside(text string, name named) (begin, end int) {
	between := beside.FindString(text[name.end:])
	if strings.Trim(between, " \t\r\n") == "" {
		return -1, -1
	}
	begin = name.end + len(between)
	if code := digits.FindString(text[begin:]); isCode(name.promised, code) && !goesOn(text, begin+len(code)) {
		return begin, begin + len(code)
	}
	pattern := behindSigns
	if last := between[len(between)-1]; isQuote(last) || last == '`' {
		pattern = inQuotes
	}
	value := pattern.FindString(text[begin:])
	if value == "" || isNameItself(text, begin+len(value)) || strings.Contains(value, Mark) || !isSecret(name.promised, value) {
		return -1, -1
	}
	if !isLikeAToken(value) && !isUUID(value) && (!isPassword(name.promised) || !mayBeThePassword(text[name.begin:name.end], value)) {
		return -1, -1
	}
	return begin, begin + len(value)
}

// goesOn says whether a number is a part of a word or of a date.
func goesOn(text string, at int) bool {
	r, _ := utf8.DecodeRuneInString(text[at:])
	return at < len(text) && inName(r)
}

func valueTold(text string, name named) (begin, end int) {
	rest := text[name.end:]
	found := said.FindStringSubmatchIndex(rest)
	if found == nil && (name.begin == 0 || text[name.begin-1] == '\n') {
		found = nextLine.FindStringSubmatchIndex(rest)
	}
	if found == nil {
		return -1, -1
	}
	value := rest[found[2]:found[3]]
	if isPassword(name.promised) && mayBeThePassword(text[name.begin:name.end], value) || isCode(name.promised, value) {
		return name.end + found[2], name.end + found[3]
	}
	return -1, -1
}

func nearBehind(text string, from int) (begin, end int) {
	rest, limit := text[from:ahead(text, from, farthest+longestNear)], ahead(text, from, farthest)-from
	for _, found := range standing.FindAllStringSubmatchIndex(rest, -1) {
		if found[0] >= limit || strings.Contains(rest[:found[0]], Mark) {
			break
		}
		if mayBeNear(text, from, from, found, shortestHex) || isCloseUUID(text, from, found) {
			value := valueOf(found)
			return from + value[0], from + value[1]
		}
	}
	return -1, -1
}

// isCloseUUID says whether a UUID that stands by itself is close behind a name, and nothing between says that it is an id.
func isCloseUUID(text string, from int, found []int) bool {
	place := valueOf(found)
	return found[6] < 0 && from+found[0] <= ahead(text, from, closeBy) && isUUID(text[from+place[0]:from+place[1]]) &&
		!isNamedID(text[from:from+found[0]])
}

// tokenNear is what is drawn at random close to a name that may promise a token; farther away it may be the id of anything.
func tokenNear(text string, done int, name named) (begin, end int) {
	rest, limit := text[name.end:ahead(text, name.end, closeBy+longestNear)], ahead(text, name.end, closeBy)-name.end
	for _, found := range standing.FindAllStringSubmatchIndex(rest, -1) {
		if found[0] >= limit || strings.Contains(rest[:found[0]], Mark) {
			break
		}
		if mayBeAToken(text, name.end, name.end, found, name.promised) {
			value := valueOf(found)
			return name.end + value[0], name.end + value[1]
		}
	}
	least, limit := max(done, back(text, name.begin, closeBy+longestNear)), back(text, name.begin, closeBy)
	for _, found := range standing.FindAllStringSubmatchIndex(text[least:name.begin], -1) {
		// In front of it a trace, a commit or a block is of something else: `<commit> rotate keys`.
		if found[6] >= 0 && isHexadecimal(text[least+found[6]:least+found[7]]) {
			continue
		}
		if least+found[1] > limit && mayBeAToken(text, 0, least, found, name.promised) {
			value := valueOf(found)
			return least + value[0], least + value[1]
		}
	}
	return -1, -1
}

// isOfToken are promises of which a token near them is one; closeBy is how near, and longestNear how long it may be.
var isOfToken = map[string]bool{
	"auth": true, "key": true, "keys": true, "seed": true, "session": true, aSessionID: true, "sig": true, "sign": true, "signature": true,
	"token": true, "tokens": true,
}

const (
	closeBy     = 40
	longestNear = 202
)

func mayBeAToken(text string, least, from int, found []int, promised string) bool {
	place := valueOf(found)
	value := text[from+place[0] : from+place[1]]
	isOfChain := (promised == "key" || promised == "keys" || promised == "seed") && isHexOfKey(value)
	if !isDrawnToken(value) && !isOfChain || !isSecret(promised, value) || isNameItself(text, from+place[1]) {
		return false
	}
	at := from + found[0]
	return !isNamedID(text[max(least, back(text, at, 40)):at])
}

func nearBefore(text string, done, to int) (begin, end int) {
	begin, end = -1, -1
	least, limit := max(done, back(text, to, farthest+longestNear)), back(text, to, farthest)
	for _, found := range standing.FindAllStringSubmatchIndex(text[least:to], -1) {
		if least+found[1] <= limit {
			continue
		}
		if isSaid(text[least+found[1]:to]) && isLikeAToken(text[least+found[0]:least+found[1]]) || mayBeNear(text, 0, least, found, farthest) {
			value := valueOf(found)
			begin, end = least+value[0], least+value[1]
		}
	}
	if begin >= 0 && strings.Contains(text[end:to], Mark) {
		return -1, -1
	}
	return begin, end
}

// valueOf is where the value is of what was found standing.
func valueOf(found []int) []int {
	for at := 2; ; at += 2 {
		if found[at] >= 0 {
			return found[at : at+2]
		}
	}
}

// mayBeNear judges what was found standing behind a position: of one in hexadecimal that nothing sets apart, by its digits.
func mayBeNear(text string, least, from int, found []int, digits int) bool {
	place := valueOf(found)
	value := text[from+place[0] : from+place[1]]
	if found[4] >= 0 && isPair(value) {
		return false
	}
	if found[6] >= 0 && !isAtRandom(value, digits) || found[6] < 0 && !isLikeAToken(value) {
		return false
	}
	if isNameItself(text, from+place[1]) {
		return false
	}
	at := from + found[0]
	return !isNamedID(text[max(least, back(text, at, 40)):at])
}

var isPair = regexp.MustCompile(`^[A-Za-z_][\pL\pN_.-]{0,40}=[^=]`).MatchString

// isNameItself says whether what ends at a position is the name of a pair.
func isNameItself(text string, end int) bool {
	return end < len(text) && (text[end] == ':' || text[end] == '=')
}

// ahead is a position so many characters further on, and back one so many before.
func ahead(text string, at, count int) int {
	for ; count > 0 && at < len(text); count-- {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return at
}

func back(text string, at, count int) int {
	for ; count > 0 && at > 0; count-- {
		_, size := utf8.DecodeLastRuneInString(text[:at])
		at -= size
	}
	return at
}
