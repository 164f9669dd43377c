package redact

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Keys and tokens are drawn at random: capitals, small letters and digits follow each other without order. Words, numbers,
// dates, markets and paths do not look so. Identifiers may: bare.go decides about those.

// Bare runs that are shorter may be anybody's id.
const (
	shortestNamed = 16
	shortestMixed = 30
	shortestPlain = 40
	// shortestHex is of keys in hexadecimal.
	shortestHex = 32
	// Of a key, behind the letters of its issuer, and of one with capitals and small letters.
	shortestHexIssued, shortestKey = 24, 12
	// fewestWords behind "seed" are no sentence but a mnemonic, or most of one.
	fewestWords = 6
)

const between = "-_/+.:~"

var (
	isNumber      = regexp.MustCompile(`^[+-]?[\d.,_]+(?:[eE][+-]?\d+)?%?$`).MatchString
	isDate        = regexp.MustCompile(`^\d{4}-\d\d-\d\d(?:[T ][\d:.,+Z-]*)?$`).MatchString
	isUUID        = regexp.MustCompile(`^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`).MatchString
	isCutUUID     = regexp.MustCompile(`^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{0,12}){1,4}$`).MatchString
	isHexadecimal = regexp.MustCompile(`^(?:[0-9a-f]+|[0-9A-F]+)$`).MatchString
	isAddress     = regexp.MustCompile(`^0[xX][0-9a-fA-F]{40}$`).MatchString
	isPrefixedHex = regexp.MustCompile(`^0[xX][0-9a-fA-F]+$`).MatchString
	isTicker      = regexp.MustCompile(`^(?:[A-Z0-9.]{1,10}|\d{1,7}[A-Z]{2,16})$`).MatchString
	// isTwoOfHex are keys of OANDA and of Postman.
	isTwoOfHex    = regexp.MustCompile(`^(?:[A-Z]{2,6}-)?[0-9a-f]{24,32}-[0-9a-f]{8,34}$`).MatchString
	isWithDigit   = regexp.MustCompile(`^[A-Za-z+/_.~-]*[0-9][A-Za-z0-9+/_.~-]*={0,2}$`).MatchString
	isPIN         = regexp.MustCompile(`^\d{4,8}$`).MatchString
	isNotOfWords  = regexp.MustCompile(`[\d!@#$%^&*+~?]`).MatchString
	issued        = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9]{0,9})_(?:[a-z]{2,9}_)?([A-Za-z0-9]{24,255})$`)
	isPlaceholder = regexp.MustCompile(`^(?:\?|\$\d+|:[\pL\pN_]+|%\(\w+\)s|%s|\{\w*\}|\$\{\w+\}?|<\w+>|\*{3,}[\pL\pN_]{0,4}|\*+|\.\.\.|x{3,}|X{3,}|\$[A-Z_][A-Z0-9_]+` +
		// Where a program has it from.
		`|(?:os\.environ|os\.getenv|getenv|process\.env|(?:self|settings|config|cfg|args|options|secrets|ctx)\.[A-Za-z_])[\pL\pN_.]*(?:[\[(].*)?` +
		`|(?:Optional|Union|List|list|Dict|dict|Sequence|Mapping|Final|Annotated)\[[^'"]*|Literal\[.*)$`).MatchString
)

// isSecret says whether the value of a name with this promise is one.
func isSecret(promised, value string) bool {
	bare := strings.TrimSpace(value)
	if bare == "" || len(bare) <= longestGuess && (noValues[strings.ToLower(strings.Trim(bare, "<>()[]"))] || isPlaceholder(bare)) {
		return false
	}
	if promised == aFolder {
		return strings.IndexByte("/~", bare[0]) < 0 && !strings.HasPrefix(bare, `\\`) && !isOfDrive(bare)
	}
	return promised == aSecret || isAmbiguousSecret(promised, bare)
}

// isNumeric are the words that a PIN or a one-time password goes by.
var isNumeric = set("fa mfa otp pin totp twofa")

func isAmbiguousSecret(word, value string) bool {
	if isNumeric[word] {
		return isCode(word, value) || !hasOrder(value)
	}
	switch {
	case isNumber(value) || isDate(value) || isAddress(value):
		return false
	case isCutUUID(value):
		return word != "nonce" && word != "pk" && word != aSessionID
	case (word == "token" || word == "tokens") && isAccountOfChain(value), isOfSignature[word] && word != "sign" && isSignatureOfChain(value),
		word == aSessionID && size(value) < shortestNamed:
		return false
	case isPrefixedHex(value):
		if word == "pk" {
			return size(value) >= 66
		}
		return size(value) >= 34 && !strings.HasPrefix(word, "token")
	case word == "seed" && len(strings.Fields(value)) >= fewestWords:
		return true
	case word == "pass" || word == "passe":
		return size(value) >= 6 && !isOf(value, unicode.IsDigit) && (isNotOfWords(value) || hasOddCapitals(value))
	case word == "pk":
		// A row of a table has one that is a number or a UUID.
		return isAtRandom(value, 64)
	case word == "key" || word == "keys":
		return isKey(value)
	}
	return isOpaque(value)
}

var isHexOfKey = regexp.MustCompile(`^0x[0-9a-fA-F]{64}$`).MatchString

// isLikeAToken: a text without a name of its own looks like a key, a token or a password that was made well.
func isLikeAToken(value string) bool {
	if size(value) < 8 || strings.Contains(value, "://") {
		return false
	}
	if strings.ContainsAny(value, " (){}<>") {
		return isDense(value)
	}
	if isNumber(value) || isDate(value) || isAddress(value) || isTicker(value) {
		return false
	}
	if hasSignInside(value) || looksRandomLetters(value) || isHexOfKey(value) {
		return true
	}
	return some(value, isDigit) && some(value, isAlpha) && !hasOrder(value)
}

// isCode says whether what stands beside the name of a PIN or a one-time password is one, or a code for those who lost it.
func isCode(promised, value string) bool {
	return isNumeric[promised] && (isPIN(value) || isRecovery(value))
}

// isRecovery: `gfn03-rvtf8`.
func isRecovery(value string) bool {
	return isOfRecovery(value) && some(value, isDigit) && some(value, isLower)
}

var isOfRecovery = regexp.MustCompile(`^[a-z0-9]{4,6}(?:-[a-z0-9]{4,6}){1,3}$`).MatchString

// isMarket says whether a text is the symbol of a market: `BTC/USDT`, `1000PEPEUSDT`, `ETH-27MAR26`.
func isMarket(value string) bool { return size(value) <= longestMarket && isOfMarket(value) }

const longestMarket = 40

var isOfMarket = regexp.MustCompile(`^(?:(?:[A-Z]{1,2}_|[a-z])?(?:\d{0,7}[A-Z][A-Z0-9]{0,9})?[-/_:.]?(?:` + strings.Join(currencies, "|") +
	`)(?:[-/_:][A-Z0-9.]{1,12}){0,3}|[A-Z]{2,10}[-_](?:\d{1,2}[A-Z]{3}\d{2}|\d{6,8})(?:[-_][A-Z0-9.]{1,12}){0,2}|[A-Z]{1,4}=F)$`).MatchString

var (
	letters  = regexp.MustCompile(`[A-Za-z]+`)
	isJoined = regexp.MustCompile(`^[A-Za-z]{3,32}(?:[-_.!#$^*+~][A-Za-z]{3,32}){1,4}$`).MatchString
	isPiece  = regexp.MustCompile(`^[A-Z]?[a-z]+$`).MatchString
	// isOfDrawnWords: words drawn from a list, as generators of passwords make them.
	isOfDrawnWords = regexp.MustCompile(`^[a-z]{4,9}(?:[-_.][a-z]{4,9}){2,7}$`).MatchString
)

// mayBeThePassword: what stands near a name looks like a password; of a name that says so, words may make one.
func mayBeThePassword(name, value string) bool {
	if isLikeAPassword(value) {
		return true
	}
	lowered := strings.ToLower(name)
	if !strings.Contains(lowered, "pass") && !strings.Contains(lowered, "pwd") {
		return false
	}
	// A bracket within what is drawn at random is no call.
	before, behind, has := strings.Cut(value, "(")
	return isOfDrawnWords(value) || hasOddCapitals(value) ||
		has && !strings.ContainsAny(behind, "()") && !strings.Contains(before, ")") && looksRandom(before) && looksRandom(behind)
}

// hasOddCapitals: words that signs part have capitals as no names do, `Winter_HZyyC`, `hunter-CBVWL`.
func hasOddCapitals(value string) bool {
	pieces := letters.FindAllString(value, -1)
	return len(pieces) > 1 && isJoined(value) && strings.ToUpper(value) != value &&
		slices.ContainsFunc(pieces, func(piece string) bool { return !isPiece(piece) })
}

// isAtRandom says whether a run that nothing sets apart is drawn at random; of one in hexadecimal, by its digits.
func isAtRandom(run string, digits int) bool {
	if isHexadecimal(run) || isUUID(run) {
		return len(run) >= digits && !isOf(run, unicode.IsDigit)
	}
	if isTwoOfHex(run) {
		return true
	}
	return len(run) >= shortestNamed && size(run) == len(run) && randomShare(run) >= 0.6
}

// isDrawnToken: a run beside a name that may promise a token is one, and no UUID or account.
func isDrawnToken(run string) bool {
	return isWithDigit(run) && (isAtRandom(run, shortestHex) || isIssued(run, shortestHexIssued)) && !isUUID(run) && !isAccountOfChain(run)
}

// isDense: letters, digits and many signs take turns, as in a password that a generator made. Of these signs code has one or two.
func isDense(value string) bool {
	signs := 0
	for _, sign := range "!@#$^*~" {
		if strings.ContainsRune(value, sign) {
			signs++
		}
	}
	length := size(value)
	return signs >= 3 && length >= 20 && !strings.Contains(value, " ") && 2*turns(value) >= length
}

// isKey: what "key" alone stands before is one, and none of a table.
func isKey(value string) bool {
	if size(value) < shortestNamed {
		return size(value) >= shortestKey && isOf(value, isLetterOrDigit) && hasLower(value) && hasUpper(value) && looksRandom(value)
	}
	if strings.Contains(value, " ") || strings.Contains(value, "://") {
		return false
	}
	if isOf(value, isLetterOrDigit) {
		return !isOf(value, unicode.IsLetter) && !isOf(value, unicode.IsDigit) || looksRandomLetters(value)
	}
	return size(value) >= 20 && (randomShare(value) >= 0.6 || isTwoOfHex(value) || isIssued(value, shortestHexIssued))
}

// isOpaque: a value that is neither words nor numbers is a token.
func isOpaque(value string) bool {
	// A blank, or a sign of code.
	if size(value) < 6 || strings.ContainsAny(value, " (){}<>") || strings.Contains(value, "://") || isTicker(value) {
		return false
	}
	if isOf(value, unicode.IsLetter) {
		return size(value) >= shortestNamed && looksRandomLetters(value)
	}
	if size(value) >= shortestNamed && isOf(value, isLetterOrDigit) && hasLower(value) {
		return true
	}
	return !hasOrder(value)
}

// hasOrder: letters and digits stand apart, as in `grid-btc-2`, `sha256` and `us-east-1`.
func hasOrder(value string) bool {
	found := pieces(value, between)
	total, mixed, random := 0, 0, 0
	parts := true
	for _, piece := range found {
		total += size(piece)
		both := !isOf(piece, unicode.IsLetter) && !isOf(piece, unicode.IsDigit)
		parts = parts && size(piece) >= 6 && both
		least := 2
		if isAllUpper(piece) {
			least = 3
		}
		if both && changes(piece) >= least {
			mixed += size(piece)
		}
		if size(piece) >= 8 && looksRandom(piece) {
			random += size(piece)
		}
	}
	if total >= 12 && parts {
		return false
	}
	if size(value) >= 10 && !some(value, func(c byte) bool { return c >= 0x80 }) {
		mixed = max(mixed, random)
	}
	return total == 0 || mixed < 6 || mixed*2 < total
}

// looksRandom: a run without separators is drawn at random, and no word, number or identifier in hexadecimal.
func looksRandom(piece string) bool {
	if size(piece) < 4 || isOf(piece, unicode.IsDigit) || isPrefixedHex(piece) {
		return false
	}
	if isOf(piece, unicode.IsLetter) {
		return size(piece) < 8 && turns(piece) >= 3 || looksRandomLetters(piece)
	}
	if isHexadecimal(piece) {
		return false
	}
	step := 5
	if hasLower(piece) && hasUpper(piece) {
		step = 4
	}
	return turns(piece) >= max(2, size(piece)/step)
}

// looksRandomLetters: words of camel case have one capital each, and no single small letters.
func looksRandomLetters(piece string) bool {
	if !hasLower(piece) || !hasUpper(piece) {
		return false
	}
	runs, odd := 0, 0
	for at := 0; at < len(piece); {
		if !isAlpha(piece[at]) {
			at++
			continue
		}
		upper := isUpper(piece[at])
		end := at
		for end < len(piece) && isAlpha(piece[end]) && isUpper(piece[end]) == upper {
			end++
		}
		runs++
		if (end-at > 1) == upper {
			odd++
		}
		at = end
	}
	return runs >= 5 && odd >= 3 && odd*4 >= runs
}

func randomShare(run string) float64 {
	total, random := 0, 0
	for _, piece := range pieces(strings.TrimRight(run, "="), between) {
		total += size(piece)
		if looksRandom(piece) {
			random += size(piece)
		}
	}
	if total == 0 {
		return 0
	}
	return float64(random) / float64(total)
}

// isIssued says whether a run begins with the letters of an issuer, as tokens do, and ids that say what they are of; of one in
// hexadecimal, by its digits.
func isIssued(run string, digits int) bool {
	found := issued.FindStringSubmatch(run)
	if found == nil {
		return false
	}
	if issuer := strings.ToLower(found[1]); wordsOfIDs[issuer] || wordsOfOwners[issuer] {
		return false
	}
	tail := found[2]
	if isHexadecimal(tail) {
		return len(tail) >= digits && !all(tail, isDigit)
	}
	return some(tail, isLower) && some(tail, isUpper) && looksRandom(tail)
}

// isOfDrive says whether a text is a path of Windows.
func isOfDrive(text string) bool { return len(text) > 2 && text[1] == ':' && text[2] == '\\' }
