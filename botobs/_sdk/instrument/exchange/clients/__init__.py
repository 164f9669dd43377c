"""One package for each exchange client."""
