"""Keys and tokens in the formats of their issuers, as the rules of gitleaks and the issuers' documents describe them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from .kinds import ALNUM, BASE32, HEX, LOWER, UPPER, URLSAFE, chars, joined, uuid

_SEED = 20_261_130
ISSUED = {
    "1password": joined(lambda _: "A3", *(chars(UPPER, size) for size in (6, 6, 5, 5, 5, 5)), by="-"),
    "airtable": joined(chars(ALNUM, 14, "pat"), chars(HEX, 64), by="."),
    "alibaba": chars(ALNUM, 20, "LTAI"),
    "authress": joined(chars(LOWER, 12, "sc_"), chars(LOWER, 4), chars(LOWER, 12, "acc_"), chars(ALNUM, 60), by="."),
    "axiom": joined(lambda _: "xaat", uuid, by="-"),
    "azure": chars(URLSAFE, 34, "aB38Q~"),
    "buildkite": chars(HEX, 40, "bkua_"),
    "circleci": joined(chars(ALNUM, 22, "CCIPAT_"), chars(HEX, 40), by="_"),
    "cloudflare": joined(chars(HEX, 24, "v1.0-"), chars(HEX, 146), by="-"),
    "crypto.com": chars(ALNUM, 22, "cxakp_"),
    "dynatrace": joined(chars(UPPER, 24, "dt0c01."), chars(UPPER, 64), by="."),
    "gitlab feed": chars(URLSAFE, 20, "glffct-"),
    "gitlab mail": chars(URLSAFE, 25, "glimt-"),
    "gitlab runner": chars(URLSAFE, 20, "GR1348941"),
    "harness": joined(chars(URLSAFE, 22, "pat."), chars(ALNUM, 24), chars(ALNUM, 20), by="."),
    "intra42": chars(HEX, 64, "s-s4t2ud-"),
    "nats": chars(BASE32, 56, "SU"),
    "octopus": chars(UPPER, 26, "API-"),
    "pulumi": chars(HEX, 40, "pul-"),
    "settlemint": chars(ALNUM, 16, "sm_pat_"),
    "shippo": chars(HEX, 40, "shippo_live_"),
    "sonar": chars(HEX, 40, "sqp_"),
    "sourcegraph": chars(HEX, 40, "sgp_"),
    "terraform": joined(chars(ALNUM, 14), chars(URLSAFE, 64, "atlasv1."), by="."),
    "vault": chars(ALNUM, 24, "s."),
    "vercel": chars(ALNUM, 24, "vcp_"),
}  # fmt: skip


def cases() -> Iterator[tuple[str, str, str]]:
    """Each case: its name, the text, and what must not be in it any more."""
    random = Random(_SEED)
    for name, make in ISSUED.items():
        for frame in ("@", "cannot use @, retrying", '{"note": "@"}'):
            value = make(random)
            yield f"issued by {name}", frame.replace("@", value), value
