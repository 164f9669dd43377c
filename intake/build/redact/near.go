package redact

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// farthest is how many characters may stand between a name and its value.
const farthest = 160

var inQuotes = regexp.MustCompile(`['"]([^'"\\ \t\r\n]{8,200})['"]`)

// withoutNear takes out what is quoted near the name of a secret that no value stands beside, if it looks like one. Validators,
// assertions and serializers write a name and its value in ways that nobody can list.
func withoutNear(text string) string {
	var out edit
	for name := range namesIn(text) {
		if name.promised != aSecret || name.begin < out.done {
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
	for _, found := range inQuotes.FindAllStringSubmatchIndex(rest, -1) {
		if strings.Contains(rest[:found[0]], Mark) {
			break
		}
		if mayBeNear(text, from+found[0], rest[found[2]:found[3]]) {
			return from + found[2], from + found[3]
		}
	}
	return -1, -1
}

func nearBefore(text string, least, to int) (begin, end int) {
	begin, end = -1, -1
	for _, found := range inQuotes.FindAllStringSubmatchIndex(text[least:to], -1) {
		if mayBeNear(text, least+found[0], text[least+found[2]:least+found[3]]) {
			begin, end = least+found[2], least+found[3]
		}
	}
	if begin >= 0 && strings.Contains(text[end:to], Mark) {
		return -1, -1
	}
	return begin, end
}

func mayBeNear(text string, at int, value string) bool {
	return isLikeAToken(value) && !isNamedID(text[back(text, at, 40):at])
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
