"""The corpus for redaction: secrets, the texts that carry them, and texts without secrets.

All of it is generated from a fixed seed. `kinds` makes the secrets, `carriers` the texts around them, `innocents` what
must stay. `measure` counts what passes. The fixed examples of `tests.support.redaction_corpus` belong to it as well.
"""
