"""What a process holds as a secret is found wherever it appears, whatever its name, and is remembered nowhere else."""

from __future__ import annotations

import base64
import json
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import ccxt
import pytest
from opentelemetry import metrics, trace

import botobs
from botobs._sdk.redaction import REDACTED, Redactor, known
from testbed.otlp_receiver import OtlpReceiver

with warnings.catch_warnings():
    # python-binance asks websockets for its old names.
    warnings.simplefilter("ignore", DeprecationWarning)
    from binance import Client

Init = Callable[..., botobs.Handle]
#: Words that no rule takes for a secret.
PHRASE = 'Tuesday/the moon+is=green & "round"'


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    known.forget()
    yield
    known.forget()


@pytest.mark.parametrize(
    "write",
    [
        lambda text: text,
        lambda text: quote(text),
        lambda text: quote(text, safe=""),
        lambda text: json.dumps({"a": text}),
        lambda text: json.dumps(json.dumps({"a": text})),
        lambda text: repr([text]),
        lambda text: text.encode().hex(),
        lambda text: text.encode().hex().upper(),
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.b64encode(f"bot:{text}".encode()).decode(),
        lambda text: base64.b64encode(f"a:{text}:b".encode()).decode(),
        lambda text: base64.urlsafe_b64encode(f"ab:{text}".encode()).decode(),
        lambda text: text[:12],
        lambda text: text[:20] + "…",
    ],
)
def test_it_is_found_in_every_encoding(write: Callable[[str], str]) -> None:
    written = write(PHRASE)
    text = f"it said {written} today"
    assert known.taken_out(text, REDACTED) == text
    botobs.redact_value(PHRASE)
    clean = known.taken_out(text, REDACTED)
    assert clean.startswith("it said ")
    assert REDACTED in clean
    # At its ends base64 mixes with what stands beside it.
    inner = written[8:-8] if len(written) > 40 else written[:10]
    assert not any(inner[at : at + 8] in clean for at in range(len(inner) - 7))


def test_it_is_found_after_the_same_text_was_let_through() -> None:
    redactor = Redactor()
    assert redactor.attribute("note", f"so {PHRASE}") == f"so {PHRASE}"
    botobs.redact_value(PHRASE)
    assert redactor.attribute("note", f"so {PHRASE}") == f"so {REDACTED}"


@pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)
def test_no_engine_remembers_what_it_let_through(init: Init, receiver: OtlpReceiver) -> None:
    handle = init()

    def record() -> None:
        with trace.get_tracer("mine").start_as_current_span(
            PHRASE, attributes={"note": PHRASE, "exchange.order.id": PHRASE}
        ):
            pass
        metrics.get_meter("mine").create_counter("hits").add(1, {"note": PHRASE})

    record()
    handle.flush()
    assert b"Tuesday" in receiver.raw
    botobs.redact_value(PHRASE)
    before = len(receiver.raw)
    record()
    handle.flush()
    assert b"Tuesday" not in receiver.raw[before:]


@pytest.mark.parametrize("weak", ["hunter2", "aaaaaaaaaaaaaaaaaaaa", "BTC/USDT", "", None, 7])
def test_what_would_be_found_by_chance_is_not_remembered(weak: object) -> None:
    botobs.redact_value(weak)
    assert Redactor().text(f"it said {weak} today") == f"it said {weak} today"


def test_a_weak_one_is_taken_out_beside_a_name_that_may_promise_it() -> None:
    assert Redactor().text("session=tulip7 at tulip7") == "session=tulip7 at tulip7"
    botobs.redact_value("tulip7")
    assert Redactor().text("session=tulip7 at tulip7") == f"session={REDACTED} at tulip7"
    assert Redactor().attribute("auth", "tulip7") == REDACTED


def test_variables_and_files_with_the_names_of_secrets(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("Wednesday-the-sun-sets\n")
    known.learn(
        {
            "DB_PASSWORD": "Thursday-rivers-flow-up",
            "VAULT_PASSWORD_FILE": str(tmp_path / "pw"),
            "HOSTNAME": "Friday-the-cat-sleeps",
            "SSH_KEY_PASSWORD_FILE": str(tmp_path / "none"),
            "PGPASSFILE": "/home/bot/.pgpass-of-the-bot",
        }
    )
    text = "Thursday-rivers-flow-up Wednesday-the-sun-sets Friday-the-cat-sleeps /home/bot/.pgpass-of-the-bot"
    assert (
        Redactor().text(text) == f"{REDACTED} {REDACTED} Friday-the-cat-sleeps /home/bot/.pgpass-of-the-bot"
    )


class Hidden:
    def get_secret_value(self) -> bytes:
        return b"Saturday-apples-fall"


def test_types_of_secrets() -> None:
    botobs.redact_value(Hidden(), bytearray(b"Sunday-birds-may-sing"))
    assert Redactor().text("Saturday-apples-fall Sunday-birds-may-sing") == f"{REDACTED} {REDACTED}"


@dataclass
class Account:
    api_secret: object
    host: str = "Monday-is-a-name-of-a-host"


@pytest.mark.parametrize(
    "config",
    [
        Account("Tuesday-the-bell-rings"),
        {"binance": [Account(Hidden())], "kraken": {"credentials": {"one": "Tuesday-the-bell-rings"}}},
        ["Tuesday-the-bell-rings"],
        SimpleNamespace(exchange=SimpleNamespace(apiKey="Tuesday-the-bell-rings")),
    ],
)
def test_configuration_is_looked_into_by_names(config: object) -> None:
    botobs.redact_value(config)
    left = Redactor().text("Tuesday-the-bell-rings Saturday-apples-fall Monday-is-a-name-of-a-host")
    assert left.count(REDACTED) >= 1
    assert "Tuesday" not in left or "Saturday" not in left
    assert "Monday-is-a-name-of-a-host" in left


@pytest.mark.parametrize(
    "write",
    [
        bytes.hex,
        lambda raw: raw.hex().upper(),
        lambda raw: base64.b64encode(b"id:" + raw).decode(),
        lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="),
        repr,
    ],
)
def test_bytes_that_are_no_text(write: Callable[[bytes], str]) -> None:
    raw = bytes(range(130, 250, 4))
    botobs.redact_value(raw)
    assert Redactor().text(f"note {write(raw)} end").startswith("note ")
    assert write(raw)[6:-6] not in Redactor().text(f"note {write(raw)} end")


@pytest.mark.parametrize(
    ("secret", "written"),
    [
        ("8f3a0c2d7e6b48519f3a0c2d", "8F3A0C2D7E6B48519F3A0C2D"),
        ("Thu&the<rain>falls'on\"us", "Thu&amp;the&lt;rain&gt;falls&#x27;on&quot;us"),
        ("Thu&the<rain>falls-on-us", "Thu\\u0026the\\u003crain\\u003efalls-on-us"),
        ("Thu/the/rain/falls/on/us", "Thu\\/the\\/rain\\/falls\\/on\\/us"),
        ("Thu's rain falls on 'us'", "Thu''s rain falls on ''us''"),
        ("Thu@the:rain!falls;on us", "thu%40the%3arain%21falls%3bon%20us".replace("thu", "Thu")),
        ("Thu@the:rain!falls;on us", "Thu%2540the%253Arain%2521falls%253Bon%2520us"),
    ],
)
def test_it_is_found_as_other_languages_write_it(secret: str, written: str) -> None:
    botobs.redact_value(secret)
    assert Redactor().text(f"note {written} end") == f"note {REDACTED} end"


def test_what_clients_held_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that is issued anew each hour is known after months, too; what a person registered stays."""
    monkeypatch.setattr(known, "_ROOM_S", 0.0)
    botobs.redact_value("Wednesday-the-sun-sets")
    tokens = [f"{number:04}-the-moon-is-green" for number in range(known.MOST + 5)]
    for token in tokens:
        known.add_together((token,))
    assert Redactor().text(f"{tokens[-1]} Wednesday-the-sun-sets") == f"{REDACTED} {REDACTED}"
    assert Redactor().text(tokens[0]) == tokens[0]
    known.add_together((tokens[0],))
    assert Redactor().text(tokens[0]) == REDACTED


def test_threads_may_tell_at_the_same_time() -> None:
    values = [f"{number:02}-the-moon-is-green" for number in range(64)]
    threads = [threading.Thread(target=botobs.redact_value, args=values[start::8]) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Redactor().text(" ".join(values)) == " ".join([REDACTED] * 64)


def test_so_many_are_remembered_and_no_more() -> None:
    botobs.redact_value(*(f"{number:04}-the-moon-is-green" for number in range(known.MOST + 5)))
    assert Redactor().text(f"{known.MOST - 1:04}-the-moon-is-green") == REDACTED
    assert REDACTED not in Redactor().text(f"{known.MOST + 1:04}-the-moon-is-green")


def test_the_keys_of_clients_are_known(init: Init) -> None:
    init(disabled_instrumentations=[])
    exchange = ccxt.binance({"apiKey": "Monday-the-fox-runs", "secret": "Monday-the-owl-waits", "timeout": 1})
    exchange.urls["api"]["public"] = "http://127.0.0.1:9/api/v3"
    with pytest.raises(ccxt.NetworkError):
        exchange.public_get_time()
    client = Client("Tuesday-a-hare-hops", "Tuesday-a-bear-naps", ping=False)
    client.API_URL = "http://127.0.0.1:9/api"
    with pytest.raises(OSError, match=r"127\.0\.0\.1"):
        client.get_server_time()
    client.close_connection()
    client.loop.close()  # python-binance makes one and leaves it open
    text = "Monday-the-fox-runs Monday-the-owl-waits Tuesday-a-hare-hops Tuesday-a-bear-naps"
    assert Redactor().text(text) == " ".join([REDACTED] * 4)
