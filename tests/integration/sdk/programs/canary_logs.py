"""Secrets in records and errors of logging, structlog and loguru."""

from __future__ import annotations

import logging
from pathlib import Path

import structlog
from loguru import logger

import botobs
from tests.integration.sdk.programs.canary import KEY, SHORT, begin


def fail(secret: str) -> None:
    raise ValueError(f"secret={secret} of https://trader:{secret}@host/?password={secret}")


def main() -> None:
    for name in ("storing", "handling", "trading", "closing"):
        with botobs.span(name):
            logging.warning(
                "apiKey=%s", SHORT, extra={"secret": SHORT, "nested": {"headers": {"token": KEY}}}
            )
            logging.warning("the key is %s", KEY, stack_info=True)
            logger.bind(passphrase=SHORT).warning("password={}", SHORT)
            bound = structlog.get_logger().bind(api_key=SHORT)
            bound.warning("signed", secret=SHORT, payload={"token": KEY})
            try:
                fail(SHORT)
            except ValueError:
                logging.exception("password=%s", SHORT)
                logger.exception("password={}", SHORT)
                structlog.get_logger().error("failed", token=KEY, exc_info=True)


begin()
logger.remove()
logger.add("loguru", diagnose=True)
with Path("structlog").open("w", encoding="utf-8") as file:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file))
    main()
