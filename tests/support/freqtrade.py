"""freqtrade as its users install it, in an environment of its own, trading on paper under `botobs run`."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from botobs._demo.exchange_simulator.client import ccxt_config
from tests.support.environments import environment

#: The current release when these tests last ran.
VERSION = "2026.9"
NAME = "freqtrade"
PAIRS = ("BTC/USDT", "ETH/USDT")


#: Enters whenever it may, and leaves at once: a round trip a minute on each pair.
_STRATEGY = """
from freqtrade.strategy import IStrategy


class RoundTrips(IStrategy):
    timeframe = "1m"
    startup_candle_count = 20
    minimal_roi = {"0": -1}
    stoploss = -0.5

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe["exit_long"] = 0
        return dataframe
"""


def folder() -> Path:
    """A virtual environment with freqtrade and this checkout's botobs; some 800 MB, kept between runs."""
    return environment("freqtrade", (f"freqtrade=={VERSION}",)).parents[1]


class Freqtrade:
    """freqtrade, unmodified, in a dry run against the exchange simulator.

    Args:
        environment: Where it is installed.
        folder: An empty folder for its configuration, database and log.
        simulator: Address of the exchange simulator.
        home: Home of the stack that it is watched by.
    """

    def __init__(self, environment: Path, folder: Path, simulator: str, home: Path) -> None:
        (folder / "strategies").mkdir(parents=True)
        (folder / "strategies" / "round_trips.py").write_text(_STRATEGY)
        configuration = folder / "config.json"
        configuration.write_text(json.dumps(_configuration(folder, simulator), indent=2))
        programs = environment / "bin"
        self._log = folder / "freqtrade.log"
        self._command = [
            *(str(programs / "botobs"), "run", "--name", NAME, "--"),
            *(str(programs / "freqtrade"), "trade", "--userdir", str(folder), "--config", str(configuration)),
            *("--strategy", "RoundTrips"),
        ]
        self._environ = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "BOTOBS_HOME": str(home),
            "OTEL_METRIC_EXPORT_INTERVAL": "2000",
        }

    def __enter__(self) -> Self:
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environ, cwd=self._log.parent, stdout=log, stderr=subprocess.STDOUT
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()

    @property
    def log(self) -> str:
        """What freqtrade has printed until now."""
        return self._log.read_text()

    def assert_running(self) -> None:
        """Fail with the end of its log if it has ended."""
        code = self._process.poll()
        if code is not None:
            pytest.fail(f"freqtrade ended with {code}; its log ends with:\n{self.log[-4000:]}", pytrace=False)

    def interrupt(self) -> int:
        """End it as Ctrl-C would; returns its exit status."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait()


def _configuration(folder: Path, simulator: str) -> dict[str, Any]:
    return {
        "dry_run": True,
        "initial_state": "running",
        "dry_run_wallet": 10_000,
        "db_url": f"sqlite:///{folder}/trades.sqlite",
        "max_open_trades": len(PAIRS),
        "stake_currency": "USDT",
        "stake_amount": 100,
        "entry_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
        "exit_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
        "exchange": {
            "name": "binance",
            "enable_ws": True,
            "pair_whitelist": PAIRS,
            "ccxt_config": ccxt_config("binance", simulator),
        },
        "pairlists": [{"method": "StaticPairList"}],
        "internals": {"process_throttle_secs": 1},
    }
