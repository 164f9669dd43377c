package redact

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// What a name promises of its value: a secret, nothing, or the word that leaves it to the value ("token").
const (
	aSecret  = "secret"
	aNothing = ""
	// aFolder: a secret, or the folder that a shell is in.
	aFolder = "pwd"
	// aSessionID: a token, unless it is a number, a name, or a UUID.
	aSessionID = "session id"
)

// isPassword: promises of which what looks like a password is one, also in a sentence.
func isPassword(promised string) bool { return promised == aSecret || promised == aFolder }

// isOfCode are promises of one-time passwords.
var isOfCode = set("otp totp twofa")

const longestName = 128

// longestOfPW: base64 may end with the letters of `db_pw`.
const longestOfPW = 16

// Ends of words that are run together with others: `pgpassword`.
var ends = func() []string {
	var found []string
	for word := range secretWords {
		if word != "jwt" && word != "pw" {
			found = append(found, word)
		}
	}
	return found
}()

var runTogether = []string{"key", "keys", "token", "tokens", "pass", "pw", "phrase", "sign"}

func promise(name string) string {
	name = strings.TrimPrefix(name, "-D")
	if len(name) > longestName {
		name = name[len(name)-longestName:]
	}
	if _, size := mark(name, 0); size == 0 || harmlessNames[strings.ToLower(name)] || identifiers[name] {
		return aNothing
	}
	if lowered := strings.ToLower(name); lowered == "pwd" || lowered == "oldpwd" {
		return aFolder
	}
	if isForeign(name) {
		return aSecret
	}
	words := words(name, true)
	if len(words) > 0 && words[len(words)-1] == "pw" && size(name) > longestOfPW {
		return aNothing
	}
	for len(words) > 1 && (tails[words[len(words)-1]] || isDigit(words[len(words)-1][0])) {
		words = words[:len(words)-1]
	}
	if len(words) == 0 || metadata[words[len(words)-1]] {
		return aNothing
	}
	// An access key's id goes with its secret; a session's id is one, and a key's may be.
	ofID := len(words) > 1 && words[len(words)-1] == "id"
	for at, word := range words {
		before := ""
		if at > 0 {
			before = words[at-1]
		}
		if (word == "code" || word == "codes" || word == "pin") && isQualified(before, word) {
			return "otp"
		}
		if secretWords[word] || endsLikeOne(withoutTails(word)) || isQualified(before, word) {
			if ofID && word == "key" && before != "access" && at == len(words)-2 {
				// `x-deploy-key-id` may be a number.
				return word
			}
			return aSecret
		}
		if before == "key" || before == "token" {
			if behindKeys[word] {
				return aSecret
			}
			if exchanges[word] {
				return before
			}
		}
	}
	// `jsessionid`, `PHPSESSID`
	if last := words[len(words)-1]; strings.HasSuffix(last, "sessionid") || strings.HasSuffix(last, "sessid") {
		return aSessionID
	}
	if ofID {
		switch words[len(words)-2] {
		case "key":
			return "key"
		case "session":
			return aSessionID
		}
		return aNothing
	}
	last := words[len(words)-1]
	if ambiguous[last] {
		if len(words) > 1 && harmless[words[len(words)-2]] && !isOfCode[last] {
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

// isOfARN: `arn:aws:secretsmanager:eu-west-1:1:secret:prod/bot` is the name of a secret.
var isOfARN = regexp.MustCompile(`(?:^|[^\pL\pN_])arn:[A-Za-z0-9:/-]*$`).MatchString

const longestARN = 80

// promiseBehind is what a name promises, with the word in front where it is one of two: `api key`, `cache key`.
func promiseBehind(text string, begin, end int) string {
	name := text[begin:end]
	if begin > 0 && text[begin-1] == ':' && isOfARN(text[max(0, begin-longestARN):begin]) {
		return aNothing
	}
	if qualified[strings.ToLower(name)] && begin > 1 && text[begin-1] == ' ' {
		// Of a longer word its end counts.
		first, least := begin-1, max(0, begin-20)
		for first > least && isAlnum(text[first-1]) {
			first--
		}
		if begin-1-first >= 2 && (first == least || !isWord(text[first-1]) && strings.IndexByte("/-", text[first-1]) < 0) {
			return promise(text[first:begin-1] + "_" + name)
		}
	}
	if size(name) >= shortestDrawn && holdsByChance(name) {
		return aNothing
	}
	return promise(name)
}

const shortestDrawn = 6

var (
	// `2fa` may be digits.
	isInHex      = regexp.MustCompile(`^(?:0x)?[0-9a-f]+$`).MatchString
	isIDOfKraken = regexp.MustCompile(`^[A-Z0-9]{6}-[A-Z0-9]{5}-[A-Z0-9]{6}$`).MatchString
)

// holdsByChance says whether what holds such a word is no name but drawn at random: a part of base64, an address, an id of Kraken.
func holdsByChance(name string) bool {
	if looksRandomLetters(onlyLetters(name)) || isInHex(name) {
		return true
	}
	return size(name) >= shortestNamed && (isIDOfKraken(name) || slices.ContainsFunc(pieces(name, "-_."), func(piece string) bool {
		return size(piece) >= shortestNamed && changes(piece) >= max(4, size(piece)/5)
	}))
}

// isOfTable says whether a name is of a key of a table, or of a page of answers: `page_token`, `sort_key`.
func isOfTable(name string) bool {
	found := words(name[max(0, len(name)-longestName):], true)
	return len(found) > 1 && ambiguous[found[len(found)-1]] && harmless[found[len(found)-2]]
}

// isForeign says whether a word of another language is in a name that promises a secret.
func isForeign(name string) bool {
	lowered := strings.ToLower(name)
	return slices.ContainsFunc(foreignWords, func(word string) bool { return strings.Contains(lowered, word) })
}

func endsLikeOne(word string) bool {
	return slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(word, end) })
}

// shortestStem are the letters that are left of a word without its tails.
const shortestStem = 6

var tailed = regexp.MustCompile(`^(?s:(.{6,}?))(?:` + strings.Join(slices.Sorted(maps.Keys(tails)), "|") + `|v)*$`)

// withoutTails is a word that others are run together with at its end: `dbpasswordprod`, `apikeyv`.
func withoutTails(word string) string {
	if size(word) <= shortestStem {
		return word
	}
	return tailed.FindStringSubmatch(word)[1]
}

func isQualified(before, word string) bool {
	if qualified[word] && qualifiers[word][before] {
		return true
	}
	bare := withoutTails(word)
	for _, stem := range runTogether {
		if begin, is := strings.CutSuffix(bare, stem); is && begin != "" {
			if qualifiers[stem][begin] {
				return true
			}
			// A word in front may itself be run together with others: `svcauthtoken`.
			for qualifier := range qualifiers[stem] {
				if len(qualifier) >= 4 && strings.HasSuffix(begin, qualifier) {
					return true
				}
			}
			return false
		}
	}
	return false
}

// stems: one of these is in every name that promises something.
var stems = append([]string{
	"2fa", "auth", "bearer", "code", "cookie", "cred", "jwt", "key", "mfa", "mnemonic", "nonce", "otp", "pass", "pck", "phrase", "pin", "pk", "psk",
	"psw", "pw", "secret", "seed", "sekret", "sessid", "session", "sig", "token", "twofa", "words",
}, foreignWords...)

// places is how many values place has.
const places = 28

// place is a letter's in a table, whatever its case: one for the digit of `2fa`, one for all that is not ASCII, and none beyond.
func place(c byte) byte {
	switch letter := c | 0x20 - 'a'; {
	case letter < 26:
		return letter
	case c == '2':
		return 26
	case c >= 0x80:
		return 27
	}
	return places
}

// byStart are the stems by where their first two letters stand.
var byStart = func() (table [places][places][]string) {
	for _, stem := range stems {
		first := &table[place(stem[0])][place(stem[1])]
		*first = append(*first, stem)
	}
	return table
}()

// mark finds a part of a name that may promise something, from a position on: where it is and how long, which is 0 for none.
func mark(text string, from int) (at, size int) {
	for at := from; at+2 <= len(text); at++ {
		first, second := place(text[at]), place(text[at+1])
		if first >= places || second >= places {
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
