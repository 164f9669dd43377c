package redact

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// What errors say of a secret before they quote it.
var remark = regexp.MustCompile("^(?:(?:[A-Za-z-]{1,16} ){0,5}[A-Za-z-]{1,16}: (?:expected |got )?|expected |got )['\"(`]?([^\\s'\"|`]+)")

// spokenValue: `password is hunter2`, `--password hunter2`. Beside words, only what has a digit and a letter is a value.
func spokenValue(text string, nameBegin int, name string, start int, promised string) (begin, stop int, by string) {
	at := behindOwner(text, start)
	for _, verb := range []string{"is", "was", "of", "to", "set to", "changed to", "updated to", "equal to", "TO", "has value", "est", "ist", "lautet", "es", "->"} {
		if rest, is := strings.CutPrefix(text[at:], verb); is {
			rest = strings.TrimPrefix(rest, ":")
			if strings.HasPrefix(rest, " ") {
				at = len(text) - len(rest) + 1
				break
			}
		}
	}
	if at < len(text) && strings.IndexByte(`'"(`, text[at]) >= 0 {
		at++
	}
	end := at
	for end < len(text) && end-at < longestGuess && !isSpace(text[end]) && !isQuote(text[end]) && text[end] != '|' {
		end++
	}
	value := strings.TrimRight(text[at:end], ".,;:)]?")
	if value == "" {
		return 0, 0, ""
	}
	isOption := strings.HasPrefix(name, "-") || isSetting(text[max(0, nameBegin-10):nameBegin])
	if isOption && isUsage(text, name, nameBegin+len(name), at, value) {
		return 0, 0, ""
	}
	if !isOption && !(isOfCode[promised] && isSecret(promised, value)) &&
		(!isPassword(promised) && promised != "passe" || size(value) < 6 || !mayBeThePassword(name, value)) {
		return remarked(text, name, start, promised)
	}
	if end-at >= longestGuess {
		end = endOf(text, end, func(c byte) bool { return !isSpace(c) && !isQuote(c) && c != '|' })
		value = text[at:end]
	}
	return decided(text, at, at+len(value), promised)
}

// isUsage says whether a usage text says what an option takes, or is for: `--api-key KEY     key of the exchange`.
func isUsage(text, name string, end, start int, value string) bool {
	if all(value, isUpper) {
		return slices.Contains(pieces(strings.ToLower(name), "-_."), strings.ToLower(value))
	}
	return start-end > 1 && isProse(text[start:min(len(text), start+longestType)])
}

var isProse = regexp.MustCompile(`^[a-z]{1,14} [a-z]{1,14}[ .,\n]`).MatchString

// isSetting: a program or a language that sets a variable, `setx NAME value`.
var isSetting = regexp.MustCompile(`(?:^|[^\pL\pN_])(?:setx|setenv|ENV|set -[xgU]{1,2}) ?$`).MatchString

// remarked is what looks like a password, or is a code, behind words and a colon: `--api-secret: invalid int value: '…'`.
func remarked(text, name string, start int, promised string) (begin, stop int, by string) {
	if !isPassword(promised) && !isOfCode[promised] {
		return 0, 0, ""
	}
	found := remark.FindStringSubmatchIndex(text[start:min(len(text), start+longestGuess)])
	if found == nil {
		return 0, 0, ""
	}
	value := strings.TrimRight(text[start+found[2]:start+found[3]], ".,;:)]?")
	if !(isPassword(promised) && size(value) >= 6 && mayBeThePassword(name, value)) && !isCode(promised, value) {
		return 0, 0, ""
	}
	return start + found[2], start + found[2] + len(value), Mark
}

// behindOwner passes over `for bot-7 ` of `password for bot-7 is …`.
func behindOwner(text string, start int) int {
	for _, word := range []string{"for ", "of "} {
		if strings.HasPrefix(text[start:], word) {
			begin := start + len(word)
			end := endOf(text, begin, func(c byte) bool { return !isSpace(c) && !isQuote(c) })
			if end > begin && end-begin <= 40 && end < len(text) && text[end] == ' ' {
				return end + 1
			}
		}
	}
	return start
}

var hasSignInside = regexp.MustCompile(`[a-z][!#$^&*+~][A-Za-z]|[A-Za-z][._-][A-Za-z0-9]{2,32}[!#$^&*+~]$`).MatchString

func isLikeAPassword(value string) bool {
	return isDense(value) || (some(value, isDigit) && strings.IndexFunc(value, unicode.IsLetter) >= 0 || hasSignInside(value) || looksRandomLetters(value)) && beginsLikeAPassword(value) && !strings.ContainsAny(value, "=(){}[]<>:/") && strings.IndexByte("$%?", value[0]) < 0 && !isDotted(value)
}

// isDotted: `hashlib.sha256`.
var isDotted = regexp.MustCompile(`^[a-z_]{2,20}(?:\.[a-z_]{2,20}\d{0,4}){1,4}$`).MatchString

var isDuration = regexp.MustCompile(`^(?:\d+[a-z]{1,2})+$`).MatchString

// beginsLikeAPassword: a short one that begins with a digit is no number of something.
func beginsLikeAPassword(value string) bool {
	return size(value) >= shortestNamed || !isDigit(value[0]) || changes(value) >= 3 && !isDuration(value)
}
