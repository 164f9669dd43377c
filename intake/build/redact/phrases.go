package redact

import "strings"

// What BIP-39 allows at least, and the shortest text that so many of its words can make.
const (
	fewestOfMnemonic = 12
	shortestMnemonic = 47
)

// withoutPhrases takes out mnemonics: as many words in a row of BIP-39's English list.
func withoutPhrases(text string) string {
	var out edit
	for at := 0; at < len(text); at++ {
		if !isLower(text[at]) {
			continue
		}
		begin := at
		for at < len(text) && (isLower(text[at]) || strings.IndexByte(" ,\n\\", text[at]) >= 0) {
			at++
		}
		if at-begin >= shortestMnemonic {
			phrasesOut(&out, text, begin, at)
		}
	}
	return out.end(text)
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
		if !isLower(text[at]) {
			at++
			continue
		}
		// The letter of `\n` is none of the word.
		if at > begin && text[at-1] == '\\' {
			at++
			continue
		}
		stop := endOf(text[:end], at, isLower)
		if mnemonicWords[text[at:stop]] {
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
