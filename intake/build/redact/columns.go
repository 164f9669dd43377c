package redact

import (
	"regexp"
	"slices"
	"strings"
)

// Lines of a heading are at most so long.
const longestHeading = 1024

var (
	// Between the cells of a line. Bars are drawn with a line below the heading; where commas are, no blanks are beside them.
	separators = []string{"\u2502", "\u2506", "|", "\t", ";", ","}
	isHeading  = regexp.MustCompile(`^[A-Za-z_][\pL\pN_.-]{0,40}(?: [\pL\pN_.-]{1,40})?$`).MatchString
	isDrawn    = regexp.MustCompile(`^[\s|+:=\x{2500}-\x{257f}-]*$`).MatchString
)

type heading struct {
	separator string
	width     int
	secret    []int
}

// withoutColumns takes out what stands below the names of secrets, in CSV and in tables as psql, Markdown and terminals draw them.
func withoutColumns(text string) string {
	var out edit
	var head heading
	for begin := 0; begin <= len(text); {
		end := begin + strings.IndexByte(text[begin:], '\n')
		if end < begin {
			end = len(text)
		}
		line := text[begin:end]
		if len(head.secret) == 0 || !isDrawn(line) {
			if len(head.secret) == 0 || strings.Count(line, head.separator)+1 != head.width {
				below, _, _ := strings.Cut(text[min(len(text), end+1):], "\n")
				head = headingOf(line, below)
			} else {
				at := begin
				cells := strings.Split(line, head.separator)
				for number, each := range cells {
					if from, to := inCell(each); slices.Contains(head.secret, number) && !strings.ContainsAny(each[from:to], blanksInCells+`"`) && isSecret(aSecret, each[from:to]) {
						out.put(text, at+from, at+to, Mark)
					}
					at += len(each) + len(head.separator)
				}
			}
		}
		begin = end + 1
	}
	return out.end(text)
}

const blanksInCells = " \t\r\f\v"

// inCell is where the value stands in a cell, within its blanks and quotes.
func inCell(cell string) (from, to int) {
	value := strings.TrimLeft(cell, blanksInCells)
	from = len(cell) - len(value)
	value = strings.TrimRight(value, blanksInCells)
	if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
		return from + 1, from + len(value) - 1
	}
	return from, from + len(value)
}

// headingOf is what a line is the heading of, if it is one, with the line below it.
func headingOf(line, below string) (head heading) {
	for _, separator := range separators {
		if strings.Contains(line, separator) {
			head.separator = separator
			break
		}
	}
	hasBars := head.separator == "|" || head.separator == "\u2502" || head.separator == "\u2506"
	if head.separator == "" || size(line) > longestHeading || hasBars && (below == "" || !isDrawn(below)) {
		return heading{}
	}
	if (head.separator == "," || head.separator == ";") && strings.Contains(strings.Trim(line, " \r"), " ") {
		return heading{}
	}
	cells := strings.Split(line, head.separator)
	head.width = len(cells)
	for at, each := range cells {
		name := strings.Trim(each, " \"\r")
		// A bar stands at both ends of a line, too.
		if !isHeading(name) && !(hasBars && name == "") {
			return heading{}
		}
		if promise(name) == aSecret {
			head.secret = append(head.secret, at)
		}
	}
	return head
}
