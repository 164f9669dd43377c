"""OKX's dialect, version 5."""
