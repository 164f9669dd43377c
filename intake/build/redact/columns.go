package redact

import (
	"regexp"
	"strings"
)

// Lines of a heading are at most so long.
const longestHeading = 1024

var (
	// Between the cells of a line. Bars are drawn with a line below the heading; where commas are, no blanks are beside them.
	separators = []string{"\u2506", frame, "|", "\t", ";", ","}
	isHeading  = regexp.MustCompile(`^2?[A-Za-z_][\pL\pN_.-]{0,40}(?: [\pL\pN_.-]{1,40})?$`).MatchString
	isDrawn    = regexp.MustCompile(`^[\s|+:=\x{2500}-\x{257f}-]*$`).MatchString
)

// frame is what polars draws around a table; between its cells it draws the other bar.
const frame = "\u2502"

// gap parts cells that blanks set below their heading.
const gap = "  "

type heading struct {
	separator string
	width     int
	// secret are the places of cells, and what their names promise.
	secret map[int]string
}

var gaps = regexp.MustCompile(`  +`)

// withoutColumns takes out what stands below the names of secrets, in CSV, in tables as psql, Markdown and terminals draw them, and in data
// frames.
func withoutColumns(text string) string {
	var out edit
	var head heading
	for begin := 0; begin <= len(text); {
		end := begin + strings.IndexByte(text[begin:], '\n')
		if end < begin {
			end = len(text)
		}
		line := text[begin:end]
		if head.separator == gap && !alignedOut(&out, text, begin, end, head) {
			head = heading{}
		}
		if head.separator != gap && (len(head.secret) == 0 || !isDrawn(line)) {
			if len(head.secret) == 0 || strings.Count(line, head.separator)+1 != head.width {
				below, _, _ := strings.Cut(text[min(len(text), end+1):], "\n")
				head = headingOf(line, below)
			} else {
				at := begin
				cells := strings.Split(line, head.separator)
				for number, each := range cells {
					cellOut(&out, text, at, at+len(each), head.secret[number])
					at += len(each) + len(head.separator)
				}
			}
		}
		begin = end + 1
	}
	return out.end(text)
}

// alignedOut takes cells out of a line below a heading without a sign between its cells. It says whether the line has as many cells, or
// a number in front.
func alignedOut(out *edit, text string, begin, end int, head heading) bool {
	cells, at := [][2]int{}, begin
	for _, found := range gaps.FindAllStringIndex(text[begin:end], -1) {
		cells = append(cells, [2]int{at, begin + found[0]})
		at = begin + found[1]
	}
	cells = append(cells, [2]int{at, end})
	if cells[0][0] == cells[0][1] {
		cells = cells[1:]
	}
	more := len(cells) - head.width
	if more != 0 && more != 1 {
		return false
	}
	for number := range cells {
		cellOut(out, text, cells[number][0], cells[number][1], head.secret[number-more])
	}
	return true
}

// cellOut takes out what is in a cell, if it is what its column promises.
func cellOut(out *edit, text string, begin, end int, promised string) {
	if promised == aNothing {
		return
	}
	from, to := inCell(text[begin:end])
	value := text[begin+from : begin+to]
	if strings.ContainsAny(value, blanksInCells+`"`) {
		return
	}
	is := isCode(promised, value)
	if !isOfCode[promised] && promised != "pin" {
		is = isSecret(promised, value) && (isPassword(promised) || isDrawnToken(value) || promised == "key" && isHexOfKey(value))
	}
	if is {
		out.put(text, begin+from, begin+to, Mark)
	}
}

// alignedHeading is what a line is the heading of that has no sign between its cells.
func alignedHeading(line string) (head heading) {
	line = strings.TrimSpace(line)
	if !strings.Contains(line, gap) || size(line) > longestHeading {
		return heading{}
	}
	head = heading{separator: gap, secret: map[int]string{}}
	for at, name := range gaps.Split(line, -1) {
		if !isHeading(name) {
			return heading{}
		}
		if promised := promise(name); promised != aNothing {
			head.secret[at] = promised
		}
		head.width = at + 1
	}
	if len(head.secret) == 0 {
		return heading{}
	}
	return head
}

const blanksInCells = " \t\r\f\v"

// inCell is where the value stands in a cell, within its blanks and quotes.
func inCell(cell string) (from, to int) {
	value := strings.TrimLeft(cell, blanksInCells+frame)
	from = len(cell) - len(value)
	value = strings.TrimRight(value, blanksInCells+frame)
	if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
		return from + 1, from + len(value) - 1
	}
	return from, from + len(value)
}

// copied: rows in text format follow, https://www.postgresql.org/docs/current/sql-copy.html.
var copied = regexp.MustCompile(`^COPY [\pL\pN_."]{1,130} ?\(([\pL\pN_", ]{1,900})\) (?i:FROM stdin)`)

func headingOfNames(separator string, names []string) heading {
	head := heading{separator: separator, width: len(names), secret: map[int]string{}}
	for at, name := range names {
		if promised := promise(strings.TrimSpace(name)); promised != aNothing {
			head.secret[at] = promised
		}
	}
	return head
}

// headingOf is what a line is the heading of, if it is one, with the line below it.
func headingOf(line, below string) (head heading) {
	if names := copied.FindStringSubmatch(line); names != nil {
		return headingOfNames("\t", strings.Split(strings.ReplaceAll(names[1], `"`, ""), ","))
	}
	for _, separator := range separators {
		if strings.Contains(line, separator) {
			head.separator = separator
			break
		}
	}
	if head.separator == "" {
		return alignedHeading(line)
	}
	hasBars := head.separator == "|" || head.separator == "\u2502" || head.separator == "\u2506"
	if size(line) > longestHeading || hasBars && (below == "" || !isDrawn(below)) {
		return heading{}
	}
	if (head.separator == "," || head.separator == ";") && strings.Contains(strings.Trim(line, " \r"), " ") {
		return heading{}
	}
	cells := strings.Split(line, head.separator)
	head.secret = map[int]string{}
	head.width = len(cells)
	for at, each := range cells {
		name := strings.Trim(each, " \"\r"+frame)
		// A bar stands at both ends of a line, too.
		if !isHeading(name) && !(hasBars && name == "") {
			return heading{}
		}
		if promised := promise(name); promised != aNothing {
			head.secret[at] = promised
		}
	}
	return head
}
