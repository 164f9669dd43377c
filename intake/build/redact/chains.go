package redact

import "regexp"

var (
	// isAccountOfChain: as Solana writes accounts, of which each token is one, 32 bytes in base 58.
	isAccountOfChain = regexp.MustCompile(`^[1-9A-HJ-NP-Za-km-z]{43,44}$`).MatchString
	// A transaction of Solana goes by its first signature; exchanges sign in hexadecimal and base 64.
	isSignatureOfChain = regexp.MustCompile(`^[1-9A-HJ-NP-Za-km-z]{86,88}$`).MatchString
	isBehindToken      = regexp.MustCompile(`(?i:token|vault|authority|payer|reserve|coin|pair|amm|maker|taker)s?\d?[\s'":=({\[\\]{0,8}$`).MatchString
	// Of a transfer; in a sentence much comes behind these.
	isBehindParty     = regexp.MustCompile(`(?:^|[^A-Za-z])(?i:from|to)(?:['"\\]{0,3}\s?[:=][\s'"\\]{0,4})?$`).MatchString
	isBehindSignature = regexp.MustCompile(`(?i:sig|signature)s?[\s'":=({\[\\]{0,8}$`).MatchString
)
