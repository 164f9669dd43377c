package main

// isReserved says whether a point's attribute may be spelled as a label that says whose it is, or as one that Prometheus makes itself.
func isReserved(key []byte) bool {
	switch view(key) {
	case "job", "instance", "le", "quantile", "__name__":
		return true
	}
	for _, first := range [...]string{"service", "host", "deployment", "collector"} {
		if len(key) > len(first) && view(key[:len(first)]) == first && !hasPlain(key[len(first):len(first)+1]) {
			return true
		}
	}
	return false
}
