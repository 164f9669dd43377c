"""Tries what botobs promises of one exchange client, with its real package, in an environment of its own.

    python run.py CLIENT URL TLS_URL AUTHORITY [CAPABILITY ...]

One line of JSON for each capability: its name, and what is wrong with it.
"""

from __future__ import annotations

import importlib
import json
import logging
import sys
import traceback

from botobs._sdk.instrument.exchange.clients.protocol import ExchangeClient
from botobs._sdk.instrument.registry import client_classes
from botobs._sdk.patching import failures
from botobs.testing import capture
from tests.integration.exchange.programs.clients.base import Client, Remote, quick
from tests.integration.exchange.programs.clients.capabilities import CAPABILITIES


def client_class(name: str) -> type[ExchangeClient]:
    """What botobs says of the client library."""
    return next(cls for cls in client_classes() if cls.name == name)


def main(name: str, url: str, tls_url: str, authority: str, *wanted: str) -> None:
    """Try the capabilities of one client, and that its patches go without a trace."""
    logging.disable(logging.CRITICAL)
    module = importlib.import_module(f"tests.integration.exchange.programs.clients.{name}")
    quick()
    remote = Remote(url, tls_url, authority)
    skipped = client_class(name).impossible
    for capability in wanted or [each for each in CAPABILITIES if each not in skipped]:
        with capture() as captured:
            wrong = ""
            try:
                client: Client = module.Client(remote)
                CAPABILITIES[capability](captured, client)
                counted = {key: count for key, count in failures.counts().items() if count}
                assert not counted, f"mistakes of ours: {counted}"
            except Exception as error:
                wrong = f"{type(error).__name__}: {error}"
                print(traceback.format_exc(), file=sys.stderr)
        print(json.dumps({"capability": capability, "wrong": wrong}), flush=True)
    hooked = module.Client(remote).hooked()
    with capture():
        watched = hooked is not module.Client(remote).hooked()
    clean = hooked is module.Client(remote).hooked()
    wrong = "" if watched and clean else f"watched: {watched}, clean afterwards: {clean}"
    print(json.dumps({"capability": "off", "wrong": wrong}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
