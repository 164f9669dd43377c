"""What an exchange counts a limit by: who shares it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: `address`: all processes behind one IP address share it. `account`: all that use one account's keys. `endpoint`: each
#: endpoint has one, of the account where there is a key. `group`: a part of the endpoints has one.
Per = Literal["address", "account", "endpoint", "group"]


@dataclass(frozen=True, slots=True)
class Scope:
    """One limit among those of an exchange.

    Attributes:
        name: What is counted, such as `weight_1m`, `orders_10s` or `requests`; of an endpoint its path.
        per: Who shares it.
        account: The keyed hash of the API key, where each account has its limits; else, and where it is not
            known, empty.
    """

    name: str
    per: Per = "address"
    account: str = ""

    @classmethod
    def of(cls, name: str, per: Per, account: str) -> Scope:
        """The scope of a limit in a response to `account`; limits by address hold for every account."""
        return cls(name, per, "" if per == "address" else account)


#: What Binance counts for the account, by the beginnings of our words; the rest is counted for the address.
#: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/limits
_BINANCE_ACCOUNT = ("orders", "uid_weight")


def binance_per(name: str) -> Per:
    """Who shares one of Binance's limits."""
    return "account" if name.startswith(_BINANCE_ACCOUNT) else "address"
