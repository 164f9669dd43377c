"""What stands for an API key."""

from __future__ import annotations

from botobs._sdk.instrument.exchange.spending import account_of


def test_it_is_the_same_for_the_same_credentials_and_shows_neither() -> None:
    reported = account_of("key-1", "secret-1")
    assert reported == account_of("key-1", "secret-1")
    assert reported not in {account_of("key-2", "secret-1"), account_of("key-1", "secret-2")}
    assert len(reported) == 12
    assert "key" not in reported


def test_a_key_that_could_be_guessed_is_not_hashed() -> None:
    assert account_of("key-1", None) == account_of("key-2", "") == "unkeyed"
    assert account_of(None, "secret") == account_of("", "secret") == ""
