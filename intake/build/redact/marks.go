package redact

import "strings"

// kinds is what could make a text suspicious, found in one pass: parts of names, schemes, and words of errors that quote values.
type kinds uint64

func (k kinds) has(kind int) bool { return k&(1<<kind) != 0 }

// Kinds of marks that are not those of one quotation.
const (
	ofNames = iota
	ofSchemes
	ofCookies
	ofStatement
	ofParameters
	ofLine
	firstOfQuotes
)

var schemes = []string{"apikey", "basic", "bearer", "hmac-sha", "negotiate", "token"}

type markRule struct {
	text string
	kind int
}

// kindOf is the kind of a quotation's mark.
func kindOf(marker string) int {
	for at, each := range quotedValues {
		if each.marker == marker && firstOfQuotes+at < 64 {
			return firstOfQuotes + at
		}
	}
	panic(marker)
}

// markTable are all marks by the first two letters of each; signs before them in a marker are not looked at.
var markTable = func() (table [places][places][]markRule) {
	add := func(mark string, kind int) {
		for place(mark[0]) == places {
			mark = mark[1:]
		}
		first := &table[place(mark[0])][place(mark[1])]
		*first = append(*first, markRule{mark, kind})
	}
	for _, stem := range stems {
		add(stem, ofNames)
	}
	for _, scheme := range schemes {
		add(scheme, ofSchemes)
	}
	add("cookie", ofCookies)
	add("sql: ", ofStatement)
	add("parameters: ", ofParameters)
	add("line ", ofLine)
	for _, quote := range quotedValues {
		add(quote.marker, kindOf(quote.marker))
	}
	return table
}()

func marks(text string) (found kinds) {
	for at := 0; at+2 <= len(text); at++ {
		first, second := place(text[at]), place(text[at+1])
		if first >= places || second >= places {
			continue
		}
		for _, each := range markTable[first][second] {
			if !found.has(each.kind) && len(text)-at >= len(each.text) && strings.EqualFold(text[at:at+len(each.text)], each.text) {
				found |= 1 << each.kind
			}
		}
	}
	return found
}
