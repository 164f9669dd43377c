"""What each type of setting takes, and what programs get."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botobs._ops.settings import kinds
from botobs._ops.settings.kinds import Kind
from botobs._ops.settings.table import TABLE

GOOD = [
    (kinds.DURATION, "90", "1m30s"),
    (kinds.DURATION, "1.5h", "1h30m"),
    (kinds.DURATION, "1h30m", "1h30m"),
    (kinds.DURATION, "2d", "48h"),
    (kinds.DURATION_OR_0, "0s", "0s"),
    (kinds.BYTES, "1GB", "1000000000"),
    (kinds.BYTES, "1GiB", "1073741824"),
    (kinds.BYTES_OF_PROMETHEUS, "1.5GB", "1500000000B"),
    (kinds.PORT, "65535", "65535"),
    (kinds.RATIO, "0.5", "0.5"),
    (kinds.BOOLEAN, "Yes", "true"),
    (kinds.BOOLEAN, "0", "false"),
    (kinds.TENANT, "desk-1", "desk-1"),
    (kinds.TENANTS, " a, b ,", "a,b"),
    (kinds.HOST, "::1", "[::1]"),
    (kinds.HOST, "[::1]", "[::1]"),
    (kinds.HOST, "smtp.example.com", "smtp.example.com"),
    (kinds.HOST_AND_PORT, "[::1]:5432", "[::1]:5432"),
    (kinds.HOST_AND_PORT, "db:5432", "db:5432"),
    (kinds.URL, "https://grafana.example.com:3000/a?b=c#d", "https://grafana.example.com:3000/a?b=c#d"),
    (kinds.ORIGIN, "https://console.example.com:8443/", "https://console.example.com:8443"),
    (kinds.MAIL, '"Bot Obs" <bot@example.com>', '"Bot Obs" <bot@example.com>'),
    (kinds.MAIL, "a@example.com, b@example.com", "a@example.com, b@example.com"),
    (kinds.MAIL, "root@localhost", "root@localhost"),
    (kinds.TEXT, r"CORP\svc", r"CORP\svc"),
    (kinds.PATTERN, r"(?i)^(a|b)\pL\z", r"(?i)^(a|b)\pL\z"),
    (kinds.PATH, "/etc/ssl/ca.pem", "/etc/ssl/ca.pem"),
    (kinds.YAML_LIST, "[{url: 'https://x'}]", "[{url: 'https://x'}]"),
    (kinds.choice("a", "b"), "b", "b"),
    (kinds.number(0, 100), "100", "100"),
]
BAD = [
    (kinds.DURATION, "soon"), (kinds.DURATION, "0"), (kinds.DURATION, "-1s"), (kinds.DURATION, "09:30"),
    (kinds.DURATION_OR_0, "0.0001s"), (kinds.BYTES, "0"), (kinds.BYTES, "half"), (kinds.PORT, "0"),
    (kinds.PORT, "65536"), (kinds.PORT, "abc"), (kinds.PORT, "\uff11"), (kinds.RATIO, "0"), (kinds.RATIO, "1"),
    (kinds.RATIO, "nan"), (kinds.RATIO, "1e-1"), (kinds.POSITIVE, "fast"), (kinds.BOOLEAN, "maybe"),
    (kinds.TENANT, 'a"b'), (kinds.TENANT, "../x"), (kinds.TENANTS, "a,b c"), (kinds.HOST, "smtp.example.com:587"),
    (kinds.HOST, "a b"), (kinds.HOST, ""), (kinds.HOST_AND_PORT, "db"), (kinds.HOST_AND_PORT, "::1:5432"),
    (kinds.URL, "ftp://x"), (kinds.URL, "https://"), (kinds.URL, 'https://g/"q"'), (kinds.URL, "https://g/{{c}}"),
    (kinds.ORIGIN, "https://g/a"), (kinds.ORIGIN, "https://g?a"),
    (kinds.URL, "https://g/a b"), (kinds.URL, "https://g:x/"), (kinds.URL, "https://g\n"), (kinds.MAIL, "nobody"),
    (kinds.MAIL, ""), (kinds.MAIL, "a@b\nBcc: c@d"), (kinds.TEXT, "a\0b"), (kinds.TEXT, "\udcff"),
    (kinds.PATTERN, "("), (kinds.PATTERN, "(?=a)"), (kinds.PATH, "ca.pem"), (kinds.YAML_LIST, "a: b"),
    (kinds.YAML_LIST, "["), (kinds.choice("a", "b"), "c"), (kinds.integer(64), "63"), (kinds.number(0, 100), "101"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "read"), GOOD, ids=lambda value: getattr(value, "name", str(value)))
def test_what_is_allowed_is_read(kind: Kind, text: str, read: str) -> None:
    assert kind.read(text) == read
    assert kind.read(read) == read, "what programs get is read the same again"


@pytest.mark.parametrize(("kind", "text"), BAD, ids=lambda value: getattr(value, "name", repr(value)))
def test_what_is_not_allowed_is_refused(kind: Kind, text: str) -> None:
    with pytest.raises(ValueError):
        kind.read(text)


@given(st.text(max_size=30), st.sampled_from([kind for kind, *_ in GOOD]))
def test_any_text_is_read_or_refused(text: str, kind: Kind) -> None:
    try:
        once = kind.read(text)
    except ValueError:
        return
    assert kind.read(once) == once


def test_a_stack_listens_where_its_components_find_each_other() -> None:
    for name in ("BOTOBS_BIND", "BOTOBS_OTLP_BIND"):
        assert [TABLE[name].kind.read(address) for address in ("127.0.0.1", "0.0.0.0")] == [
            "127.0.0.1",
            "0.0.0.0",
        ]
        with pytest.raises(ValueError):
            TABLE[name].kind.read("10.0.0.5")
