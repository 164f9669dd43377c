"""Starts, and waits."""

from __future__ import annotations

import threading

import botobs

botobs.init()
threading.Event().wait()
