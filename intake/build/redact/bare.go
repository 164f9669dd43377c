package redact

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Identifiers are drawn at random as keys are. Of a long one the word in front says what it is; hexadecimal ones of the lengths of
// traces, commits and addresses count as identifiers.

var (
	isBech32  = regexp.MustCompile(`^[a-z]{2,12}1[02-9ac-hj-np-z]{30,}$`).MatchString
	isAccount = regexp.MustCompile(`^(?:[13Tr][1-9A-HJ-NP-Za-km-z]{32,33}|[EU]Q[A-Za-z0-9_-]{46}|G[A-Z2-7]{55}|[A-Z2-7]{58})$`).MatchString
	// isContent are ids of IPFS; isOrder is what Binance's users name their orders, with the id of a broker in front.
	isContent = regexp.MustCompile(`^(?:baf[a-z2-7]{56}|Qm[1-9A-HJ-NP-Za-km-z]{44})$`).MatchString
	isOrder   = regexp.MustCompile(`^x-[A-Za-z0-9]{6,10}[A-Za-z0-9_-]{6,26}$`).MatchString
	// saysID: a checksum of Go, a weak `ETag`, and data of a contract behind what tells its function, `0x86ed0315: …`.
	saysID = regexp.MustCompile(`(?:(?:^|[^\pL\pN_])h1:|W/\\?"|0x[0-9a-fA-F]{8}[:,]? ?)$`).MatchString
)

// isBareSecret says whether a run of letters, digits and the signs of base64 is a secret by itself, behind the text before.
func isBareSecret(run, before string) bool {
	bare := strings.TrimRight(run, "=")
	if all(bare, isDigit) || isUUID(bare) {
		return false
	}
	named := namedBefore(before)
	if isPrefixedHex(bare) {
		return named == aSecret && len(bare) >= 66
	}
	if named == "id" || named == aNothing && isIDByForm(run, before) || isAccountOfChain(run) && (isBehindToken(before) || isBehindParty(before)) ||
		isSignatureOfChain(run) && isBehindSignature(before) {
		return false
	}
	switch {
	case isHexadecimal(bare):
		return len(bare) >= 48 || named == aSecret && len(bare) >= 32
	case all(bare, isAlnum) && named == aSecret && len(bare) >= shortestNamed:
		return looksRandom(bare)
	case all(bare, isAlnum) && len(bare) < shortestMixed:
		return len(run) > len(bare) && len(bare) >= 22 && looksRandom(bare)
	case all(bare, isAlnum) && (!some(bare, isUpper) || !some(bare, isLower)):
		return len(bare) >= shortestPlain && !all(bare, isAlpha) && !isBech32(bare)
	case all(bare, isAlnum):
		return looksRandom(bare) && (run != bare || !isCamelCase(bare))
	}
	if isIssued(bare, shortestPlain) {
		return true
	}
	if owner, _, _ := strings.Cut(bare, "_"); named == aNothing && len(bare) <= longestOwned && wordsOfOwners[owner] {
		return false
	}
	least := shortestMixed + 2
	if named == aSecret {
		least = 24
	}
	return len(bare) >= least && randomShare(bare) >= 0.6
}

// longestOwned is of an order's id that begins with what it is of: `adl_autoclose_…`. Exchanges take no longer ones.
const longestOwned = 36

// isIDByForm says whether a run that no word is in front of has the form of an id, or begins as the bytes of a file do.
func isIDByForm(run, before string) bool {
	return isAccount(run) || isContent(run) || isOrder(run) || beginsAsFile(run) || saysID(before)
}

// beginsAsFile says whether a run is base64 of a picture or another file.
func beginsAsFile(run string) bool {
	return slices.ContainsFunc(beginsOfFiles, func(begin string) bool { return strings.HasPrefix(run, begin) })
}

// isCamelCase: a name in which a digit ends a word or two.
func isCamelCase(run string) bool {
	return changes(run) < 3 && !looksRandomLetters(onlyLetters(run))
}

func onlyLetters(run string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && isAlpha(byte(r)) {
			return r
		}
		return -1
	}, run)
}

// namedBefore is what the word right in front says that comes next: an id, a secret, or nothing.
func namedBefore(text string) string {
	found := lastWords(text)
	if len(found) == 0 {
		return aNothing
	}
	last := found[len(found)-1]
	if len(found) > 1 && ambiguous[last] && harmless[found[len(found)-2]] {
		return "id"
	}
	if wordsOfSecrets[last] {
		if len(found) > 1 && harmless[found[len(found)-2]] {
			return "id"
		}
		return aSecret
	}
	if wordsOfIDs[last] {
		return "id"
	}
	return aNothing
}

// isNamedID says whether the word at the end of a text says that an id comes next.
func isNamedID(text string) bool {
	found := lastWords(text)
	// "in" is Stripe's of an invoice, and a word of SQL.
	return len(found) > 0 && found[len(found)-1] != "in" && (wordsOfIDs[found[len(found)-1]] || wordsOfOwners[found[len(found)-1]])
}

// lastWords are the parts of the last two words of a text, in lower case.
func lastWords(text string) []string {
	end := len(text)
	for end > 0 && len(text)-end < 8 && strings.IndexByte(" \t\r\n\f\v'\":=({[#\\", text[end-1]) >= 0 {
		end--
	}
	first := wordBefore(text, end)
	if first == end {
		return nil
	}
	if first > 1 && text[first-1] == ' ' {
		first = wordBefore(text, first-1)
	}
	// `orderHash` ends with the word that counts, as `order hash` does.
	return words(text[first:end], false)
}

// wordBefore is where the word begins that ends at a position.
func wordBefore(text string, end int) int {
	at := end
	for at > 0 && end-at <= 31 {
		r, size := utf8.DecodeLastRuneInString(text[:at])
		if r != '-' && !isLetterOrNumber(r) {
			break
		}
		at -= size
	}
	for at < end && !isAlpha(text[at]) {
		at++
	}
	return at
}
