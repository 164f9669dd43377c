"""Logging libraries: trace ids in records, redaction, and export."""
