package redact

import (
	"testing"
	"unicode/utf8"
)

// FuzzText: no text makes the rules panic, or lose the letters of a text that has some. `go test -fuzz FuzzText ./redact`
func FuzzText(f *testing.F) {
	for _, seed := range []string{
		`{"api_secret": "a1B2c3D4e5F6g7H8", "token": ["x", 'y`, "https://u:p@h/v1/0123456789abcdef0123456789abcdef?sign=1#a",
		"INSERT INTO a (b) VALUES ('c'), ('d", `\"secret\": \"x\\`, "-----BEGIN PRIVATE KEY-----\nabc", "%22%3A%25", "&quot;key&quot;",
		"[1, 2, 0x3, ", `value="pw x1y2z3w4" name="api_secret" password`, "пароль\uff1a x1y2z3", "u:p4ssw0rd@h:80", "8=FIX|96=a|", "authorization: Digest a=\"b\", c", "\x1b[1mkey\x1b[0m: ",
	} {
		f.Add(seed, "")
		f.Add(seed, "api_key")
	}
	attributes := NewAttributes(nil)
	f.Fuzz(func(t *testing.T, text, name string) {
		for _, left := range []string{searched(text, name), attributes.Of(name).searched(text)} {
			if utf8.ValidString(text) && !utf8.ValidString(left) {
				t.Errorf("%q becomes %q", text, left)
			}
		}
	})
}

func TestAFaultCostsItsTextAlone(t *testing.T) {
	failing := func(text string) string { return text[:len(text)+1] }
	if left := guarded(failing, "any"); left != Mark {
		t.Errorf("%q is left", left)
	}
}

func TestAValueInFrontOfItsNameMayHoldNames(t *testing.T) {
	value := "q7Lw2Zx9VbN4mKj8HgF5dSa3PoI6uYt1RezWxCvBnM0LkJhGfDsAqPwOeIrUtY2Z"
	left := Text(`[{"value":"`+value+`","name":"api_secret"}]`, "")
	if expected := `[{"value":"[redacted]","name":"api_secret"}]`; left != expected {
		t.Errorf("%q is left", left)
	}
}

func TestWhatFewLettersPromise(t *testing.T) {
	for given, expected := range map[string]string{
		"x IDENTIFIED BY hunter2042": "x IDENTIFIED BY [redacted]",
		// Of a long word in front of a name its end counts.
		"0xa40208cf6129e1bcba77c79seed phrase f2342670e5aa62d69511f767e5e6b33227f61043f": "0xa40208cf6129e1bcba77c79seed phrase [redacted]",
		"Bearer  abe0c313bf67afedf66eeddab95f229d":                                       "Bearer [redacted]",
		"tokens: 8交0981.05239262":                                                        "tokens: 8交0981.05239262",
	} {
		if left := Text(given, ""); left != expected {
			t.Errorf("%q became %q, not %q", given, left, expected)
		}
	}
}

// FuzzMemory: what a text becomes does not depend on whether it has come before.
func FuzzMemory(f *testing.F) {
	f.Add("token=5ec4e7Abc9Xy", "note")
	f.Add("api.binance.com", "server.address")
	attributes := NewAttributes(nil)
	f.Fuzz(func(t *testing.T, text, under string) {
		expected := searched(text, under)
		for range 3 {
			if left := Text(text, under); left != expected {
				t.Errorf("%q under %q became %q, and %q", text, under, expected, left)
			}
			name := attributes.Of(under)
			if left := name.Value(text); !name.Kept && text != "" && left != name.searched(text) {
				t.Errorf("%q of %q became %q, and %q", text, under, name.searched(text), left)
			}
		}
	})
}
