package redact

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// lookBack is how many characters in front of a run may hold the word that says what it is.
const lookBack = 40

var inRuns = func() (table [256]bool) {
	for c := range 128 {
		table[c] = isAlnum(byte(c)) || strings.IndexByte("+/_.~:-", byte(c)) >= 0
	}
	return table
}()

// withoutRuns takes out keys and tokens that stand without a name.
func withoutRuns(text, under string) string {
	var out edit
	for at := 0; at < len(text); at++ {
		if !inRuns[text[at]] {
			continue
		}
		begin := at
		for at < len(text) && inRuns[text[at]] {
			at++
		}
		if at-begin < shortestNamed {
			continue
		}
		for signs := 0; signs < 2 && at < len(text) && text[at] == '='; signs++ {
			at++
		}
		run := text[begin:at]
		if !isAllLower(run) || some(run, isDigit) {
			if clean := withoutRun(text, begin, at, under); clean != run {
				out.put(text, begin, at, clean)
			}
		}
		// Behind a sign of padding the next one may begin.
		at--
	}
	return out.end(text)
}

// isOutput is one of a transaction of Bitcoin.
var isOutput = regexp.MustCompile(`^[0-9a-f]{64}:\d{1,4}$`).MatchString

func withoutRun(text string, begin, end int, under string) string {
	run := text[begin:end]
	before := text[max(0, begin-lookBack):begin]
	if before == "" {
		before = under
	}
	if (beginsAsFile(run) || isOutput(run)) && namedBefore(before) == aNothing {
		return run
	}
	if run[0] == '/' {
		// Base64 may begin with it too, and stand at the end of a sentence.
		if bare := strings.TrimRight(run, ".:"); len(bare) > 1 && !strings.Contains(bare, ".") && isBareSecret(bare[1:], before) {
			return Mark + run[len(bare):]
		}
		if !strings.Contains(run[1:], "/") && isNamedID(before) {
			return run
		}
		return cleanPath(run, "")
	}
	if size := formatted(run); size > 0 {
		return Mark + run[size:]
	}
	if strings.Contains(run, "://") {
		return run
	}
	if address, is := withoutScheme(run); is {
		return address
	}
	var out edit
	for at := 0; at <= len(run); at++ {
		stop := at
		for stop < len(run) && run[stop] != '.' && run[stop] != ':' {
			stop++
		}
		part := run[at:stop]
		if len(part) >= shortestNamed {
			before := text[max(0, begin+at-lookBack) : begin+at]
			if before == "" {
				before = under
			}
			if size := formatted(part); size > 0 {
				out.put(run, at, at+size, Mark)
			} else if isBareSecret(part, before) {
				out.put(run, at, stop, Mark)
			}
		}
		at = stop
	}
	clean := out.end(run)
	if !out.is || !strings.Contains(clean, ".") {
		return clean
	}
	// Tokens of several parts: those beside one that is drawn at random.
	var beside edit
	for at := 0; at <= len(clean); at++ {
		stop := at
		for stop < len(clean) && clean[stop] != '.' && clean[stop] != ':' {
			stop++
		}
		if part := clean[at:stop]; len(part) >= 20 && looksRandom(part) {
			beside.put(clean, at, stop, Mark)
		}
		at = stop
	}
	return beside.end(clean)
}

// formatted is how long the secret of a known format is with which a run begins.
func formatted(run string) int {
	for _, format := range byFirst[run[0]] {
		if found := format.FindStringSubmatchIndex(run); found != nil {
			return found[3]
		}
	}
	return 0
}

// byFirst are the formats by the character that they begin with.
var byFirst = func() (table [256][]*regexp.Regexp) {
	for _, format := range formats {
		pattern := regexp.MustCompile(`^(` + format + `)(?:[^A-Za-z0-9]|$)`)
		for _, c := range firstOf(format) {
			table[c] = append(table[c], pattern)
		}
	}
	return table
}()

// firstOf are the characters that a pattern may begin with.
func firstOf(pattern string) (found []byte) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		panic(err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		panic(err)
	}
	var follow func(at uint32)
	follow = func(at uint32) {
		switch inst := program.Inst[at]; inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			follow(inst.Out)
			follow(inst.Arg)
		case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
			follow(inst.Out)
		default:
			for c := range 128 {
				if inst.MatchRune(rune(c)) {
					found = append(found, byte(c))
				}
			}
		}
	}
	follow(uint32(program.Start))
	return found
}
