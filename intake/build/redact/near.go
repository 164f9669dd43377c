package redact

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// farthest is how many characters may stand between a name and its value.
const farthest = 160

// standing are texts in quotes, behind a verb or an arrow, or alone in their line.
var standing = regexp.MustCompile(`['"]([^'"\\ \t\r\n]{8,200})['"]` +
	`|(?: (?:is|was|got):? | (?:->|=>|→|➜) |\n[ \t]{0,16})([^'"\\ \t\r\n]{8,200})(?:[\n ]|$)`)

// withoutNear takes out what stands near the name of a secret that no value is beside, if it looks like one. Validators,
// assertions and serializers write a name and its value in ways that nobody can list.
func withoutNear(text string, names []named) string {
	var out edit
	for _, name := range names {
		if name.begin < out.done {
			continue
		}
		begin, end := nearBehind(text, name.end)
		if begin < 0 {
			begin, end = nearBefore(text, max(out.done, back(text, name.begin, farthest)), name.begin)
		}
		if begin >= 0 {
			out.put(text, begin, end, Mark)
		}
	}
	return out.end(text)
}

func nearBehind(text string, from int) (begin, end int) {
	rest := text[from:ahead(text, from, farthest)]
	for _, found := range standing.FindAllStringSubmatchIndex(rest, -1) {
		value := valueOf(found)
		if strings.Contains(rest[:found[0]], Mark) {
			break
		}
		if mayBeNear(text, from, from+found[0], rest[value[0]:value[1]]) {
			return from + value[0], from + value[1]
		}
	}
	return -1, -1
}

func nearBefore(text string, least, to int) (begin, end int) {
	begin, end = -1, -1
	for _, found := range standing.FindAllStringSubmatchIndex(text[least:to], -1) {
		if value := valueOf(found); mayBeNear(text, 0, least+found[0], text[least+value[0]:least+value[1]]) {
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
	if found[2] < 0 {
		return found[4:6]
	}
	return found[2:4]
}

func mayBeNear(text string, least, at int, value string) bool {
	return isLikeAToken(value) && !isNamedID(text[max(least, back(text, at, 40)):at])
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
