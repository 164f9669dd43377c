"""Logs one error and ends."""

from __future__ import annotations

import logging

import botobs

botobs.init()
logging.error("out of margin")
