"""OKX's API, version 5."""
