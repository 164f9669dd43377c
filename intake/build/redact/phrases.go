package redact

import (
	"strings"
	"unicode/utf8"
)

// What BIP-39 allows at least, the shortest texts that so many of its words can make, of Latin letters and of others, its shortest
// word and its longest, of Latin letters.
const (
	shortestWord     = 3
	longestWord      = 9
	fewestOfMnemonic = 12
	// A dozen words drawn from 2,048 hardly ever repeat one. Fewer different ones are signals (`long,short,long`), or one of the known
	// examples, which say one word all the time and end with another.
	fewestDifferent  = 5
	mostOfExample    = 24
	shortestOfLatin  = 47
	shortestMnemonic = 23
)

// inMnemonics are the characters of words, and of what stands between them: in lines, numbered, quoted one by one, with dashes, as a form
// or a path.
var inMnemonics = func() (table [256]bool) {
	for c := range 256 {
		table[c] = c >= 0x80 || isAlnum(byte(c)) || strings.IndexByte(" ,;:|/\t\r\n\\'\".()[]{}<>#*+_=&-", byte(c)) >= 0
	}
	return table
}()

func isOfMnemonic(c byte) bool { return isAlpha(c) || c >= 0x80 }

// withoutPhrases takes out mnemonics: as many words in a row of BIP-39's lists, of all languages.
func withoutPhrases(text string) string {
	var out edit
	for at := 0; at < len(text); at++ {
		if !isOfMnemonic(text[at]) {
			continue
		}
		begin, isLatin := at, true
		for at < len(text) && inMnemonics[text[at]] {
			isLatin = isLatin && text[at] < 0x80
			at++
		}
		if at-begin >= shortestOfLatin || !isLatin {
			// Sentences have a shorter or a longer word among any dozen; the lists are made for a text that has none.
			if hasRow(text, begin, at, mayBeKnown, nil) {
				hasRow(text, begin, at, func(word string) bool { return mnemonicWords()[strings.ToLower(word)] }, &out)
			}
		}
	}
	return out.end(text)
}

func mayBeKnown(word string) bool {
	return shortestWord <= len(word) && len(word) <= longestWord || strings.IndexFunc(word, func(r rune) bool { return r >= 0x80 }) >= 0
}

func endsNoWord(c byte) bool {
	return isAlnum(c) || c == '=' || c == '>'
}

// hasRow says whether enough words in a row are of a kind, and takes each such row out.
func hasRow(text string, begin, end int, isOne func(string) bool, out *edit) (has bool) {
	first, last, count := 0, 0, 0
	var words []string
	flush := func() {
		if count >= fewestOfMnemonic && (out == nil || differ(words)) {
			has = true
			if out != nil {
				out.put(text, first, last, Mark)
			}
		}
		count, words = 0, words[:0]
	}
	for at := begin; at < end; {
		if !isOfMnemonic(text[at]) {
			at++
			continue
		}
		// The blank of Japanese is none of a word, and the letter of `\n` neither.
		if strings.HasPrefix(text[at:], "\u3000") {
			at += len("\u3000")
			continue
		}
		if at > begin && text[at-1] == '\\' {
			at++
			continue
		}
		stop := endOfRunes(text[:end], at, func(r rune) bool { return r != '\u3000' && (r >= utf8.RuneSelf || isAlpha(byte(r))) })
		if word := text[at:stop]; stop-at < shortestWord && (at > begin && isAlnum(text[at-1]) || stop < end && endsNoWord(text[stop])) {
			// It belongs to a number, a field or a tag: `1st`, `w1=`, `<li>`.
		} else if isOne(word) {
			if count == 0 {
				first = at
			}
			last = stop
			count++
			if out != nil {
				words = append(words, strings.ToLower(word))
			}
		} else {
			flush()
		}
		at = stop
	}
	flush()
	return has
}

// differ says whether the words of a row are those of a mnemonic, by how many there are.
func differ(row []string) bool {
	different := map[string]bool{}
	for _, word := range row {
		if different[word] = true; len(different) >= fewestDifferent {
			return true
		}
	}
	before, last := row[:len(row)-1], row[len(row)-1]
	for _, word := range before {
		if word != before[0] {
			return false
		}
	}
	return len(row)%3 == 0 && len(row) <= mostOfExample && last != before[0]
}
