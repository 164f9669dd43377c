"""The outside world of the demo: exchanges that real clients talk to, and that fail when they are told to."""
