package redact

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// A host has 253 characters; names and passwords come before it.
const longestNetloc = 1024

var (
	// What comes behind the colon of `user:password` is no port.
	isPort = regexp.MustCompile(`^\d{1,5}(?:[/?#\s'")\],;]|$)`).MatchString
	// What stands behind the password of a login without a scheme.
	isHostOfLogin = regexp.MustCompile(`^(?:[\pL\pN_.-]{1,253}(?::\d{2,5}(?:[^\pL\pN_]|$)|/[\pL\pN_])|(?:tcp|unix)\()`).MatchString
	beginsHost    = regexp.MustCompile(`^(?:(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]{1,63}(?::\d{1,5})?(?:[/?,;\s'")\]}\\]|$)|\[[0-9a-f:]+\])`).MatchString
)

// withoutAddresses cleans each address: user and password go, the values of its query that may be secrets, and the segments of its path that
// are keys.
func withoutAddresses(text string, clean cleaner) string {
	var out edit
	for at := 0; ; {
		found := strings.Index(text[at:], "://")
		if found < 0 {
			return out.end(text)
		}
		begin := at + found + 3
		end := max(begin, hostBegins(text, begin))
		for end < len(text) && text[end] > ' ' && strings.IndexByte("'\"<>\\^`{|}", text[end]) < 0 {
			end++
		}
		at = end
		if left := cleanRest(text[begin:end], clean); left != text[begin:end] {
			out.put(text, begin, end, left)
		}
	}
}

// hostBegins is where the host begins in `user:password@host`, 0 if nothing stands before it.
func hostBegins(text string, begin int) int {
	colon := begin
	for colon < len(text) && colon-begin <= 256 && !isSpace(text[colon]) && strings.IndexByte("/?#@:[]", text[colon]) < 0 {
		colon++
	}
	if colon+1 >= len(text) || text[colon] != ':' || isSpace(text[colon+1]) {
		return 0
	}
	if rest := text[colon+1 : min(len(text), colon+8)]; isPort(rest) || strings.HasPrefix(rest, "//") {
		return 0
	}
	stop := begin
	for stop < len(text) && stop-begin < longestNetloc && !isSpace(text[stop]) {
		stop++
	}
	for {
		sign := strings.LastIndexByte(text[begin:stop], '@')
		if sign < 0 {
			return 0
		}
		if beginsHost(text[begin+sign+1 : endOfHost(text, begin+sign+1)]) {
			return begin + sign + 1
		}
		stop = begin + sign
	}
}

// endOfHost bounds what is looked at of a host, so that many signs of one are not looked at as often as there are.
func endOfHost(text string, begin int) int { return min(len(text), begin+300) }

// cleanRest is what follows `://`.
func cleanRest(rest string, clean cleaner) string {
	start := hostBegins(rest, 0)
	end := strings.IndexAny(rest[start:], "/?#")
	if end < 0 {
		end = len(rest) - start
	}
	netloc, tail := rest[:start+end], rest[start+end:]
	bare := strings.TrimRight(tail, ".,;:)]!")
	if strings.HasSuffix(bare, "[redacted") {
		bare += "]"
	}
	host, path := cleanHost(netloc), withoutQuery(bare)
	return host + withoutKeys(host, path) + kept(bare[len(path):], clean) + tail[len(bare):]
}

func withoutQuery(address string) string {
	if end := strings.IndexAny(address, "?#"); end >= 0 {
		return address[:end]
	}
	return address
}

// cleanHost is a host without user and password. One of signs that read differently when it is looked up might hide where they end.
func cleanHost(netloc string) string {
	host := netloc[strings.LastIndexByte(netloc, '@')+1:]
	if len(netloc) > longestNetloc {
		return Mark
	}
	if user, port, is := strings.Cut(host, ":"); is && host == netloc && !strings.HasPrefix(host, "[") && size(port) >= shortestText &&
		!isDigit(port[0]) && isLikeAPassword(port) {
		// A text that was cut before the host: what is no port is a password.
		return user + ":" + Mark
	}
	if strings.ContainsFunc(host, readsDifferently) {
		return Mark
	}
	return host
}

// readsDifferently says whether a sign becomes another one when a host is looked up: accents that stand alone, and what is there for
// compatibility. https://www.unicode.org/reports/tr15/
func readsDifferently(r rune) bool {
	switch {
	case r < 0x300:
		return strings.ContainsRune("\u00a0\u00a8\u00aa\u00af\u00b2\u00b3\u00b4\u00b5\u00b8\u00b9\u00ba\u00bc\u00bd\u00be", r)
	case r < 0x370, 0x1100 <= r && r < 0x1200, 0x2000 <= r && r < 0x2e80, 0xf900 <= r && r < utf8.RuneError:
		return true
	}
	return 0x1d400 <= r && r < 0x1d800 || 0x1f100 <= r && r < 0x1f300 || 0x2f800 <= r && r < 0x2fa20
}

type hostRule struct {
	suffix string
	keep   *regexp.Regexp
}

var hosts = func() (found []hostRule) {
	for _, each := range hostsWithKeys {
		found = append(found, hostRule{each[0], regexp.MustCompile(`^(?:` + each[1] + `)`)})
	}
	return found
}()

// withoutKeys is the path of an address without keys; some hosts take one at a place that is known.
func withoutKeys(host, path string) string {
	if end := endOfKept(host, path); end >= 0 {
		return path[:end] + "/" + Mark
	}
	return cleanPath(path, "")
}

// endOfKept is where the key begins in a path, at a host that takes one there; -1 for none.
func endOfKept(host, path string) int {
	name, _, _ := strings.Cut(strings.ToLower(host), ":")
	if len(path) > 4 {
		for _, known := range hosts {
			before, is := strings.CutSuffix(name, known.suffix)
			if !is || before != "" && !strings.HasSuffix(before, ".") {
				continue
			}
			if kept := known.keep.FindStringIndex(path); kept != nil && len(path) > kept[1]+1 {
				return kept[1]
			}
		}
	}
	return -1
}

// withoutScheme is an address that has lost its scheme, `host/path`, without its key, if its host is one that takes keys.
func withoutScheme(run string) (address string, is bool) {
	slash := strings.IndexByte(run, '/')
	if slash < 0 || !strings.Contains(run[:slash], ".") {
		return "", false
	}
	end := endOfKept(run[:slash], run[slash:])
	if end < 0 {
		return "", false
	}
	return run[:slash+end] + "/" + Mark, true
}

// cleanAddress is an address, or a path, as the value of an attribute.
func cleanAddress(address string) string {
	before, rest, is := strings.Cut(address, "://")
	if is && len(before) <= 32 && !strings.Contains(before, "/") {
		return before + "://" + cleanRest(rest, plain)
	}
	if rest, is := strings.CutPrefix(address, "//"); is {
		return "//" + cleanRest(rest, plain)
	}
	path := withoutQuery(address)
	return cleanPath(path, "") + kept(address[len(path):], plain)
}

// withoutQueries takes the query out of `GET /v1/order?signature=…`.
func withoutQueries(text string, clean cleaner) string {
	var out edit
	for at := 1; at < len(text); at++ {
		if before, _ := utf8.DecodeLastRuneInString(text[:at]); text[at] != '?' || before != '/' && !isLetterOrNumber(before) {
			continue
		}
		name := endOfRunes(text, at+1, func(r rune) bool { return isLetterOrNumber(r) || strings.ContainsRune(".-[]%", r) })
		if name == at+1 || name >= len(text) || text[name] != '=' {
			continue
		}
		end := endOf(text, name, func(c byte) bool { return !isSpace(c) && strings.IndexByte("'\"<>", c) < 0 })
		if left := kept(text[at:end], clean); left != text[at:end] {
			out.put(text, at, end, left)
		}
		at = end
	}
	return out.end(text)
}
