"""Recall and precision of redaction over the generated corpus, by kind and carrier, in the SDK and in the collector."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import ccxt
import pytest
from mnemonic import Mnemonic

from botobs._sdk.redaction import Redactor, rules
from botobs._sdk.redaction.names import SECRET, promise
from tests.support.redaction import collector, measure, said, unusual
from tests.support.redaction.kinds import ADDRESSES, KINDS, Kind

pytestmark = pytest.mark.slow

#: Kinds of innocents that the collector's patterns cannot tell from secrets.
MASKED_BY_PATTERNS = {
    "token of solana", "transaction of solana", "query", "no value", "url.full", "url.query", "http.target",
}  # fmt: skip
PAGE = Path(__file__).parents[3] / "docs" / "redaction.md"


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture(scope="module")
def by_sdk(redactor: Redactor) -> measure.Found:
    return measure.count_secrets(redactor.text, redactor.attribute)


@pytest.fixture(scope="module")
def by_collector() -> measure.Found:
    return measure.count_secrets(collector.text, collector.attribute, each=6)


def test_the_corpus_is_large_enough(by_sdk: measure.Found) -> None:
    assert len(by_sdk.values) >= 3_000
    assert len({carrier for _, carrier in by_sdk.tried}) >= 60
    held_out = [
        kind
        for kind in (*KINDS, *(Kind(name, make, ()) for name, (_, make) in ADDRESSES.items()))
        if kind.held_out
    ]
    assert len(held_out) * 4 >= len(KINDS) + len(ADDRESSES)


def test_the_sdk_finds_secrets(by_sdk: measure.Found) -> None:
    assert by_sdk.recall >= 0.995, by_sdk.worst(0)[:9]
    # One of a handful may be missed by chance.
    bad = [(by_sdk.missed[cell], by_sdk.examples[cell]) for recall, cell in by_sdk.cells() if recall < 0.95]
    assert [example for missed, example in bad if missed > 1] == []
    assert [name for axis in (0, 1) for recall, name in by_sdk.worst(axis) if recall < 0.95] == []


def test_the_collector_finds_secrets(by_collector: measure.Found) -> None:
    """It sees what other senders send, without the SDK's knowledge of words in front; the page lists what it misses."""
    listed = _listed("The collector")
    found = {name for recall, name in by_collector.worst(0) if recall < 0.95}
    carriers = {name for recall, name in by_collector.worst(1) if recall < 0.95}
    assert by_collector.recall >= 0.96, by_collector.worst(0)[:9]
    assert found | carriers == listed


def test_the_sdk_finds_what_stands_in_unusual_places(redactor: Redactor) -> None:
    cases = list(unusual.cases())
    assert len(cases) >= 200
    assert {
        name for name, text, secret in cases if measure.leaks(secret, redactor.text(text))
    } == unusual.MISSED


def test_innocents_stay_in_the_sdk(redactor: Redactor) -> None:
    tried, changed = measure.count_innocents(redactor.text, redactor.attribute)
    assert tried >= 3_000
    assert len(changed) <= tried / 1000, changed


@pytest.mark.parametrize("text", said.INNOCENTS)
def test_what_looks_like_a_key_and_is_none_stays(text: str, redactor: Redactor) -> None:
    assert redactor.text(text) == text


def test_innocents_stay_in_the_collector() -> None:
    """Patterns see no word in front: what the page says of them is left out."""
    tried, changed = measure.count_innocents(collector.text, collector.attribute, each=8)
    changed = [each for each in changed if each[0] not in MASKED_BY_PATTERNS]
    assert len(changed) <= tried / 1000, changed


@pytest.mark.parametrize(
    "name",
    [
        "PGPASSWORD", "accesstoken", "clientsecret", "accesskey", "dbpassword", "secretphrase", "DB_PASS",
        "BINANCE_KEY", "BINANCE_SECRET_PROD", "xt-validate-appkey", "X-MBX-APIKEY", "api_key_1", "AccessKeyId",
        "apiKeyHash", "private.key", "walletPrivateKey", "OK-ACCESS-PASSPHRASE", "x-phemex-access-token",
        "credentials.binance", "secretKeyBase64",
    ],
)  # fmt: skip
def test_names_that_promise_a_secret(name: str) -> None:
    assert promise(name) == SECRET
    assert collector.hides(name) or re.search("phrase|DB_PASS|BINANCE_KEY", name)


@pytest.mark.parametrize(
    "name",
    [
        "token_count", "signature_version", "secret_name", "password_policy", "primary_key", "idempotency_key",
        "public_key", "design", "monkey", "author", "compass", "keyboard", "secretary", "next_page_token", "assigned",
        "campaign", "opinion", "passenger", "exchange.order.id", "trace_id", "session_count", "key_type",
    ],
)  # fmt: skip
def test_names_that_promise_none(name: str) -> None:
    assert promise(name) == ""
    assert not collector.hides(name) or name in (
        "signature_version",
        "secret_name",
        "password_policy",
        "secretary",
    )


@pytest.mark.parametrize(
    "name", ["token", "session", "seed", "sign", "nonce", "pin", "key", "auth", "pass", "x.token"]
)
def test_ambiguous_names_ask_the_value(name: str, redactor: Redactor) -> None:
    assert promise(name) not in ("", SECRET)
    for innocent in ("USDC", "1", "-1", "london", "2026-01-01", "BTC/USDT"):
        assert redactor.attribute(name, innocent) == innocent
        assert redactor.text(f"{name}={innocent}") == f"{name}={innocent}"
    if "pin" not in name:
        assert redactor.attribute(name, "t4k9x2m7q1z8w3v6b5") == "[redacted]"


def test_every_exchange_of_ccxt_is_known() -> None:
    assert set(ccxt.exchanges) <= rules.RULES.exchanges


def test_the_words_of_mnemonics_are_bip_39s() -> None:
    lists = (Mnemonic(language).wordlist for language in Mnemonic.list_languages())
    listed = {unicodedata.normalize("NFC", word) for words in lists for word in words}
    assert set(rules.text("mnemonics.txt").split()) == {word for word in listed if "\ufffd" not in word}


def _listed(heading: str) -> set[str]:
    """The names in the table below a heading of the page."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(f"### {heading}\n")
    section = rest.partition("\n#")[0]
    return {
        name for line in re.findall(r"^\| (.*?) \|", section, re.MULTILINE)[2:] for name in line.split(", ")
    }
