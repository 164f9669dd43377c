package redact

import (
	"regexp"
	"strings"
)

// isDescribed: a place for a value in a template, and what a schema of JSON says of one.
var isDescribed = regexp.MustCompile(`^(?:\{\{\s{0,9}[\pL\pN_.|() -]{1,80}\}\}` +
	`|\{\s?"type"\s?:\s?"(?:string|integer|number|boolean|array|object|null|apiKey|http|oauth2|openIdConnect)"` +
	`(?:\s?,\s?"(?:format|minLength|maxLength|minimum|maximum|nullable|in|name|scheme|bearerFormat|title)"\s?:\s?` +
	`(?:"[A-Za-z _-]{0,40}"|\d{1,9}|true|false|null)){0,12}\s?\})`).MatchString

var loginOfTwo = regexp.MustCompile(`^\(\s*['"][^'"\\\n]{0,100}['"]\s*,\s*['"]([^'"\\\n]{1,200})['"]\s*\)`)

// listed is a list, a tuple or a mapping: of a name that is not clear, its items decide.
func listed(text string, start int, promised string) (begin, stop int, by string) {
	if promised == aFolder && isFolderInBrackets(text[start:min(len(text), start+longestGuess)]) {
		return 0, 0, ""
	}
	if isDescribed(text[start:min(len(text), start+2*longestGuess)]) {
		return 0, 0, ""
	}
	if promised == aSecret || promised == aFolder {
		end := bracket(text, start)
		closing := ""
		if last := text[end-1]; strings.IndexByte(")]}", last) >= 0 {
			closing = string(last)
		}
		inside := strings.Trim(text[start+1:end], ")]} ")
		if inside == "" || len(inside) <= longestGuess && noValues[strings.ToLower(inside)] {
			// `str[]` is no value, and neither is `(none)`.
			return 0, 0, ""
		}
		return start, end, text[start:start+1] + Mark + closing
	}
	if text[start] == '{' {
		if !isOfSignature[promised] {
			return 0, 0, ""
		}
		// Of an elliptic curve: `{"r": "0x…", "s": "0x…", "v": 27}`.
		end := bracket(text, start)
		return start, end, itemsOut(text[start:end], promised)
	}
	if promised == "auth" {
		// A user and a password, as requests and aiohttp take them.
		if found := loginOfTwo.FindStringSubmatchIndex(text[start:min(len(text), start+longestGuess)]); found != nil {
			return decided(text, start+found[2], start+found[3], aSecret)
		}
	}
	if made, _ := withoutItems(text[start:min(len(text), start+longestGuess)], promised); made == "" {
		return 0, 0, ""
	}
	made, done := withoutItems(text[start:], promised)
	return start, start + done, made
}

// withoutItems is a list up to its last item that is a secret, without these, and how long it was; nothing if none is one.
func withoutItems(list, promised string) (made string, done int) {
	var out edit
	for at := 1; ; {
		at = endOf(list, at, isSpace)
		if at < len(list) && list[at] == 'b' {
			at++
		}
		if at >= len(list) || !isQuote(list[at]) {
			break
		}
		end := strings.IndexAny(list[at+1:], "'\"\\\n")
		if end < 0 {
			end = len(list) - at - 1
		} else if !isQuote(list[at+1+end]) {
			break
		}
		if item := list[at+1 : at+1+end]; item != "" && isSecret(promised, item) {
			out.put(list, at+1, at+1+end, Mark)
		}
		at = endOf(list, min(len(list), at+end+2), func(c byte) bool { return isSpace(c) || c == ',' })
	}
	// What stands behind the last item that was replaced is not touched.
	return out.made.String(), out.done
}

var (
	isFolderInBrackets = regexp.MustCompile(`^[\[({][)\]} ]*/`).MatchString
	isOfSignature      = set("sig sign signature signatures")
	item               = regexp.MustCompile(`['"]([^'"\n]+)(?:['"]|$)`)
)

// itemsOut is a mapping without its items that are secrets.
func itemsOut(text, promised string) string {
	var out edit
	for at := 0; at < len(text); {
		found := item.FindStringSubmatchIndex(text[at:])
		if found == nil {
			break
		}
		if isSecret(promised, text[at+found[2]:at+found[3]]) {
			out.put(text, at+found[2], at+found[3], Mark)
		}
		// The quote that ends one may begin the next.
		at += found[3]
	}
	return out.end(text)
}
