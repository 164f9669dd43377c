package redact

import (
	"strings"
	"unicode/utf8"
)

// corner leads to a value that loguru and better_exceptions draw below a name.
const corner = "└ "

// withoutDrawn takes out the values whose corner stands below the name of a secret in a line of source.
func withoutDrawn(text string) string {
	var out edit
	source := ""
	for begin := 0; begin <= len(text); {
		end := begin + strings.IndexByte(text[begin:], '\n')
		if end < begin {
			end = len(text)
		}
		line := text[begin:end]
		bars := strings.TrimLeft(line, " │")
		switch value, is := strings.CutPrefix(bars, corner); {
		case !is || value == "":
			if strings.Trim(bars, " │") != "" {
				source = line
			}
		default:
			name := nameAt(source, utf8.RuneCountInString(line[:len(line)-len(bars)]))
			if promised := promise(name); promised != aNothing && isSecret(promised, strings.Trim(value, "'\"")) {
				out.put(text, end-len(value), end, Mark)
			}
		}
		begin = end + 1
	}
	return out.end(text)
}

// nameAt is the name that begins in a column of a line.
func nameAt(line string, column int) string {
	for ; column > 0 && line != ""; column-- {
		_, size := utf8.DecodeRuneInString(line)
		line = line[size:]
	}
	end := endOfRunes(line, 0, isLetterOrNumber)
	for size(line[:end]) > longestName {
		_, last := utf8.DecodeLastRuneInString(line[:end])
		end -= last
	}
	return line[:end]
}
