"""Secrets in records and errors of logging, structlog and loguru."""

from __future__ import annotations

import logging
from pathlib import Path

import structlog
from loguru import logger

import botobs
from tests.integration.sdk.programs.canary import KEY, SHORT, begin


def fail(secret: str) -> None:
    raise ValueError(f"signature={secret} of https://trader:{secret}@host/?token={secret}")


def main() -> None:
    for name in ("storing", "handling", "trading", "closing"):
        with botobs.span(name):
            logging.warning(
                "apiKey=%s", SHORT, extra={"secret": SHORT, "nested": {"headers": {"token": SHORT}}}
            )
            logging.warning("the key is %s", KEY, stack_info=True)
            logger.bind(passphrase=SHORT).warning("password={}", SHORT)
            bound = structlog.get_logger().bind(api_key=SHORT)
            bound.warning("signed", signature=SHORT, payload={"token": SHORT})
            try:
                fail(SHORT)
            except ValueError:
                logging.exception("token=%s", SHORT)
                logger.exception("token={}", SHORT)
                structlog.get_logger().error("failed", token=SHORT, exc_info=True)


begin()
logger.remove()
logger.add("loguru", diagnose=True)
with Path("structlog").open("w", encoding="utf-8") as file:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file))
    main()
