"""The one account that every simulated exchange has. Its secrets open nothing but the simulator."""

from __future__ import annotations

API_KEY = "demo-key"
SECRET = "demo-secret"
PASSPHRASE = "demo-passphrase"
