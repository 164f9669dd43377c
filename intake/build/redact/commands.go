package redact

import (
	"regexp"
	"strings"
)

type told struct {
	marker  string
	pattern *regexp.Regexp
	likely  bool
	option  bool
}

var commands = func() (found []told) {
	for _, each := range toldCommands {
		found = append(found, told{each.marker, regexp.MustCompile(`(?:` + each.begin + `)([^\s"'|\x01]+)(?:` + each.end + `)`), each.likely, each.hasOption})
	}
	return found
}()

// withoutCommands takes out the passwords that programs and protocols are told: `PASS …`, `redis-cli -a …`, tags of FIX.
func withoutCommands(text string) string {
	options := strings.Contains(text, " -")
	for _, command := range commands {
		if command.option && !options || !strings.Contains(text, command.marker) {
			continue
		}
		var out edit
		for _, found := range command.pattern.FindAllStringSubmatchIndex(text, -1) {
			if !command.likely || isLikeAPassword(text[found[2]:found[3]]) {
				out.put(text, found[2], found[3], Mark)
			}
		}
		text = out.end(text)
	}
	return text
}
