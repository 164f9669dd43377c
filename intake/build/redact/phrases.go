package redact

import "strings"

// What BIP-39 allows at least, the shortest text that so many of its words can make, and its shortest words.
const (
	shortestWord     = 3
	fewestOfMnemonic = 12
	shortestMnemonic = 47
)

// inMnemonics are the characters of words, and of what stands between them: in lines, numbered, quoted one by one, with dashes, as a form
// or a path.
var inMnemonics = func() (table [256]bool) {
	for c := range 128 {
		table[c] = isAlnum(byte(c)) || strings.IndexByte(" ,;:|/\t\r\n\\'\".()[]{}<>#*+_=&-", byte(c)) >= 0
	}
	return table
}()

// withoutPhrases takes out mnemonics: as many words in a row of BIP-39's English list.
func withoutPhrases(text string) string {
	var out edit
	for at := 0; at < len(text); at++ {
		if !isAlpha(text[at]) {
			continue
		}
		begin := at
		for at < len(text) && inMnemonics[text[at]] {
			at++
		}
		if at-begin >= shortestMnemonic {
			phrasesOut(&out, text, begin, at)
		}
	}
	return out.end(text)
}

func endsNoWord(c byte) bool {
	return isAlnum(c) || c == '=' || c == '>'
}

func phrasesOut(out *edit, text string, begin, end int) {
	first, last, count := 0, 0, 0
	flush := func() {
		if count >= fewestOfMnemonic {
			out.put(text, first, last, Mark)
		}
		count = 0
	}
	for at := begin; at < end; {
		if !isAlpha(text[at]) {
			at++
			continue
		}
		// The letter of `\n` is none of the word.
		if at > begin && text[at-1] == '\\' {
			at++
			continue
		}
		stop := endOf(text[:end], at, isAlpha)
		if stop-at < shortestWord && (at > begin && isAlnum(text[at-1]) || stop < end && endsNoWord(text[stop])) {
			// It belongs to a number, a field or a tag: `1st`, `w1=`, `<li>`.
			at = stop
			continue
		}
		if mnemonicWords[strings.ToLower(text[at:stop])] {
			if count == 0 {
				first = at
			}
			last = stop
			count++
		} else {
			flush()
		}
		at = stop
	}
	flush()
}
