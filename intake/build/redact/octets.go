package redact

import (
	"strconv"
	"strings"
)

// Of the list of a key's bytes: 32 of a seed, 64 of a pair; and what has as many characters at least.
const (
	octetsOfSeed, octetsOfPair = 32, 64
	shortestOctets             = 64
)

// withoutOctets takes out private keys that are written as the list of their bytes, as Solana's tools keep them: `[174, 47, …]`.
func withoutOctets(text string) string {
	var out edit
	for at := 0; at < len(text); at++ {
		if strings.IndexByte("[({", text[at]) < 0 {
			continue
		}
		begin := endOf(text, at+1, isSpace)
		end, isKey := octets(text, begin)
		if isKey {
			out.put(text, begin, end, Mark)
		}
		at = max(at, end-1)
	}
	return out.end(text)
}

// octets is where the numbers end that begin at a position, and whether they are the bytes of a key, or most of them in a text
// that was cut.
func octets(text string, begin int) (end int, isKey bool) {
	count, large, most := 0, 0, 0
	end = begin
	for at := begin; ; {
		value, stop := octet(text, at)
		if stop == at {
			break
		}
		count, most, end = count+1, max(most, value), stop
		if value > 99 {
			large++
		}
		// A comma between the numbers or, as Go prints them, a blank.
		if at = endOf(text, stop, isSpace); at < len(text) && text[at] == ',' {
			at = endOf(text, at+1, isSpace)
		} else if at == stop {
			break
		}
	}
	closing := end
	if closing < len(text) && text[closing] == ',' {
		closing++
	}
	closing = endOf(text, closing, isSpace)
	isCut := closing == len(text)
	if !isCut && strings.IndexByte("])}", text[closing]) < 0 || count < octetsOfSeed || count > octetsOfPair {
		return end, false
	}
	isWhole := count == octetsOfSeed || count == octetsOfPair || end == len(text)
	// Of bytes that are drawn at random six of ten have three digits; counts and sizes are smaller.
	return end, isWhole && most < 256 && 3*large > count
}

func octet(text string, at int) (value, end int) {
	if rest := text[at:]; len(rest) > 2 && rest[0] == '0' && rest[1] == 'x' && isHex(rest[2]) {
		end = endOf(text[:min(len(text), at+4)], at+2, isHex)
		parsed, _ := strconv.ParseUint(text[at+2:end], 16, 8)
		return int(parsed), end
	}
	end = endOf(text[:min(len(text), at+3)], at, isDigit)
	value, _ = strconv.Atoi(text[at:end])
	return value, end
}
