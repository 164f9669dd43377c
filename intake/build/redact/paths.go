package redact

import (
	"regexp"
	"strings"
)

// Segments behind which a key comes, and behind which an identifier does.
var (
	beforeKeys = set(" hook hooks integration invite key keys reset rpc secret services stream token tokens verify webhook webhooks ws")
	beforeIDs  = func() map[string]bool {
		found := set("addresses api blobs bots ipfs ipns objects positions solana store traces users")
		for word := range wordsOfIDs {
			found[word], found[word+"s"] = true, true
		}
		return found
	}()
	isVersion = regexp.MustCompile(`^v\d{1,2}$`).MatchString
	isToken   = regexp.MustCompile(`^[\pL\pN_.~=+:%-]{16,}$`).MatchString
	isAnyHex  = regexp.MustCompile(`^(?:0x)?[0-9a-fA-F]+$`).MatchString
)

func init() { beforeKeys[""] = true }

// cleanPath is a path without the segments that are keys; before is the segment in front of it.
func cleanPath(path, before string) string {
	if strings.Contains(path, ";") {
		first, parameters, _ := strings.Cut(path, ";")
		left := []string{cleanPath(first, before)}
		for each := range strings.SplitSeq(parameters, ";") {
			left = append(left, cleanParameter(each))
		}
		return strings.Join(left, ";")
	}
	if len(path) < shortestNamed {
		return path
	}
	var out edit
	for at := 0; at <= len(path); at++ {
		stop := at
		for stop < len(path) && path[stop] != '/' {
			stop++
		}
		segment := path[at:stop]
		key := segment
		if end := strings.IndexAny(segment, ",&"); end >= 0 {
			// What a list or a form goes on with is no part of it.
			key = segment[:end]
		}
		if len(key) >= shortestNamed && isKeyOfPath(key, before) {
			out.put(path, at, at+len(key), Mark)
		}
		if segment != "" {
			before = strings.ToLower(segment)
		}
		at = stop
	}
	return out.end(path)
}

// cleanParameter is what stays of a parameter of a path, `token=…`, and of what is behind it.
func cleanParameter(parameter string) string {
	if name, _, _ := strings.Cut(parameter, "="); promise(name) == aSecret {
		// Base64 has slashes.
		return keptPart(parameter, nil)
	}
	value, rest, is := strings.Cut(parameter, "/")
	if !is {
		return keptPart(value, nil)
	}
	return keptPart(value, nil) + "/" + cleanPath(rest, "")
}

func isKeyOfPath(segment, before string) bool {
	if !isToken(segment) {
		return false
	}
	version := isVersion(before)
	expected := beforeKeys[before] || version
	if strings.HasPrefix(before, "token") && isAccountOfChain(segment) {
		return false
	}
	if promised := promise(before); promised != aNothing && isSecret(promised, segment) && (isLikeAToken(segment) || isAtRandom(segment, 24)) {
		return true
	}
	switch {
	case isUUID(segment):
		return before != "" && expected && !version
	case formatted(segment) > 0:
		return true
	case beforeIDs[before] && !expected:
		return false
	case isAnyHex(segment):
		return expected && len(segment) >= 24 && !strings.HasPrefix(segment, "0x") || len(segment) >= 128
	case all(segment, isDigit):
		return false
	case all(segment, isAlpha):
		return expected && len(segment) >= 20 && looksRandomLetters(segment)
	}
	total, mixed := 0, 0
	for _, piece := range pieces(segment, "-_.~=+:%") {
		total += len(piece)
		if looksRandom(piece) || expected && len(piece) >= shortestNamed {
			mixed += len(piece)
		}
	}
	return (expected || len(segment) >= 24) && mixed*2 >= total
}
