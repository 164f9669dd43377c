package redact

import (
	"slices"
	"strings"
)

// What a name promises of its value: a secret, nothing, or the word that leaves it to the value ("token").
const (
	aSecret  = "secret"
	aNothing = ""
)

const longestName = 128

// Ends of words that are run together with others: `pgpassword`.
var ends = func() []string {
	var found []string
	for word := range secretWords {
		if word != "jwt" && word != "pwd" && word != "creds" {
			found = append(found, word)
		}
	}
	return found
}()

var runTogether = []string{"key", "keys", "token", "tokens", "pass", "phrase"}

func promise(name string) string {
	if len(name) > longestName {
		name = name[len(name)-longestName:]
	}
	if _, size := mark(name, 0); size == 0 || harmlessNames[strings.ToLower(name)] || identifiers[name] {
		return aNothing
	}
	words := words(name, true)
	for len(words) > 1 && (tails[words[len(words)-1]] || isDigit(words[len(words)-1][0])) {
		words = words[:len(words)-1]
	}
	if len(words) == 0 || metadata[words[len(words)-1]] {
		return aNothing
	}
	// An access key id goes with its secret; a session's id is one.
	ofID := len(words) > 1 && words[len(words)-1] == "id"
	for at, word := range words {
		before := ""
		if at > 0 {
			before = words[at-1]
		}
		if (word == "code" || word == "pin") && isQualified(before, word) {
			return "otp"
		}
		if secretWords[word] || endsLikeOne(word) || isQualified(before, word) {
			return aSecret
		}
	}
	if ofID {
		if words[len(words)-2] == "session" {
			return "session"
		}
		return aNothing
	}
	last := words[len(words)-1]
	if ambiguous[last] {
		if len(words) > 1 && harmless[words[len(words)-2]] {
			return aNothing
		}
		return last
	}
	// `binancekey`.
	if exchange, is := strings.CutSuffix(last, "key"); is && exchanges[exchange] {
		return "key"
	}
	return aNothing
}

func endsLikeOne(word string) bool {
	return slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(word, end) })
}

func isQualified(before, word string) bool {
	if qualified[word] && qualifiers[word][before] {
		return true
	}
	for _, stem := range runTogether {
		if begin, is := strings.CutSuffix(word, stem); is && begin != "" {
			return qualifiers[stem][begin]
		}
	}
	return false
}

// stems: one of these is in every name that promises something.
var stems = []string{
	"auth", "bearer", "code", "cookie", "cred", "jwt", "key", "mnemonic", "nonce", "otp", "pass", "phrase", "pin",
	"pwd", "secret", "seed", "session", "sig", "token", "twofa",
}

// byStart are the stems by their first two letters.
var byStart = func() (table [26][26][]string) {
	for _, stem := range stems {
		table[stem[0]-'a'][stem[1]-'a'] = append(table[stem[0]-'a'][stem[1]-'a'], stem)
	}
	return table
}()

// mark finds a part of a name that may promise something, from a position on: where it is and how long, which is 0 for none.
func mark(text string, from int) (at, size int) {
	for at := from; at+3 <= len(text); at++ {
		first, second := text[at]|0x20-'a', text[at+1]|0x20-'a'
		if first >= 26 || second >= 26 {
			continue
		}
		for _, stem := range byStart[first][second] {
			if len(text)-at >= len(stem) && strings.EqualFold(text[at:at+len(stem)], stem) {
				return at, len(stem)
			}
		}
	}
	return len(text), 0
}
