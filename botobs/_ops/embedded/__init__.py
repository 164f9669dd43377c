"""What takes OTLP where no backend runs: a receiver on loopback, a store in SQLite, the way from it to a stack."""
