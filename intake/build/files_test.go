package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatIsLeftOfATokenOpensNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ingest.tokens")
	whole := strings.Repeat("a1-_", 11)
	text := whole + " engine 2026-01-01 services=engine\nx engine\n" + whole[:15] + "\n" + strings.Repeat("\x00", 44) + "\n\xff\xfe" + whole + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	read := newTokens(file)
	if found := read.find(whole); found == nil || !found.mayName("engine") || found.mayName("other") {
		t.Errorf("of a whole token %+v is known", found)
	}
	for _, word := range []string{"x", whole[:15], strings.Repeat("\x00", 44), "\xff\xfe" + whole, ""} {
		if read.find(word) != nil {
			t.Errorf("%q is let in", word)
		}
	}
	// A folder in its place: those known before stay valid.
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	if read.find(whole) == nil {
		t.Error("a file that cannot be read takes its tokens along")
	}
}
