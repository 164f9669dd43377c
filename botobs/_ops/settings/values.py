"""Gathers the settings of a stack: argument, environment, file in the home, default; and checks them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..._sdk import units
from ..errors import StackError
from ..home.home import Home
from . import channels, file, kinds, unknown
from .setting import Setting
from .table import TABLE

ARGUMENT, ENVIRONMENT, DEFAULT = "argument", "environment", "default"
#: The first must be below the second.
_ORDERED = (
    ("BOTOBS_THRESHOLD_QUEUE_WARNING_RATIO", "BOTOBS_THRESHOLD_QUEUE_CRITICAL_RATIO"),
    ("BOTOBS_THRESHOLD_DISK_WARNING_RATIO", "BOTOBS_THRESHOLD_DISK_CRITICAL_RATIO"),
    ("BOTOBS_THRESHOLD_RATE_LIMIT_WARNING_RATIO", "BOTOBS_THRESHOLD_RATE_LIMIT_CRITICAL_RATIO"),
    ("BOTOBS_THRESHOLD_CLOCK_OFFSET_WARNING_SECONDS", "BOTOBS_THRESHOLD_CLOCK_OFFSET_CRITICAL_SECONDS"),
    ("BOTOBS_THRESHOLD_CERTIFICATE_CRITICAL_SECONDS", "BOTOBS_THRESHOLD_CERTIFICATE_WARNING_SECONDS"),
    ("BOTOBS_COLLECTOR_MEMORY_SPIKE_MIB", "BOTOBS_COLLECTOR_MEMORY_MIB"),
)
#: Both are needed, or neither.
_TOGETHER = (("BOTOBS_OIDC_AUTH_URL", "BOTOBS_OIDC_TOKEN_URL"),)
#: The first must not be above the second: Prometheus refuses it.
_NOT_ABOVE = (
    ("BOTOBS_SCRAPE_TIMEOUT", "BOTOBS_SCRAPE_INTERVAL"),
    ("BOTOBS_SCRAPE_TIMEOUT", "BOTOBS_POSTGRES_SCRAPE_INTERVAL"),
)


@dataclass(frozen=True)
class Given:
    """The settings that were given.

    Attributes:
        texts: Texts by variable, as programs read them.
        origins: Where each is from: `argument`, `environment`, or the path of a file.
        problems: What is wrong with the others, a sentence each.
        unknown: Names that nothing reads.
        strays: Keys that stand in the file where nothing reads them.
    """

    texts: Mapping[str, str]
    origins: Mapping[str, str]
    problems: tuple[str, ...]
    unknown: tuple[str, ...]
    strays: tuple[str, ...] = ()

    @property
    def warnings(self) -> list[str]:
        """A sentence for each name that nothing reads."""
        outside = [
            f"{key!r} in botobs.toml stands outside of the table [stack], where nothing reads it"
            for key in self.strays
        ]
        return [*unknown.sentences(self.unknown), *outside]

    def effective(self) -> Iterator[tuple[Setting, str, str]]:
        """Every setting that a person may set, with its value and the value's origin."""
        for name, setting in TABLE.items():
            if not setting.decided:
                yield setting, self.texts.get(name, setting.default), self.origins.get(name, DEFAULT)

    def require(self, strict: bool = False) -> None:
        """Raise an error if a setting is wrong.

        Args:
            strict: Refuse names that nothing reads too.

        Raises:
            StackError: All that is wrong, a line each.
        """
        wrong = [*self.problems, *(self.warnings if strict else ())]
        if wrong:
            head = wrong[0] if len(wrong) == 1 else f"{len(wrong)} settings are wrong"
            rest = [] if len(wrong) == 1 else [f"  {sentence}" for sentence in wrong]
            raise StackError(head, "\n".join([*rest, "botobs settings lists every setting."]))


def gather(
    home: Home | None,
    arguments: Mapping[str, str] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Given:
    """The settings that were given; an empty text is none, as in a shell's `:-`.

    Args:
        home: The stack's folder, whose `botobs.toml` is read; None for none.
        arguments: What wins over the environment.
        environ: The environment.

    Raises:
        StackError: The file cannot be read.
    """
    stored = {} if home is None else file.read(home)
    layers = (
        (str(file.path_of(home)) if home else "", stored),
        (ENVIRONMENT, {name: text for name, text in environ.items() if name.startswith("BOTOBS_")}),
        (ARGUMENT, arguments or {}),
    )
    texts: dict[str, str] = {}
    origins: dict[str, str] = {}
    problems: list[str] = []
    for origin, layer in layers:
        for name, text in layer.items():
            if text.strip():
                texts[name], origins[name] = text, origin
    problems += [
        f"{name} in {file.path_of(home)}: {why}" for name in stored if home and (why := file.refusal(name))
    ]
    for name in [name for name in texts if name in TABLE]:
        try:
            texts[name] = _read(TABLE[name], texts[name])
        except ValueError:
            problems.append(_wrong(TABLE[name], texts.pop(name), origins[name]))
    for name, text in channels.expanded(texts).items():
        texts[name], origins[name] = text, origins[channels.RECEIVER]
    problems += _inconsistent(texts)
    misspelt = unknown.unknown(texts)
    strays = file.strays(home) if home else ()
    return Given(texts, origins, tuple(problems), tuple(misspelt), tuple(strays))


def defaults() -> dict[str, str]:
    """The defaults of all settings that have one."""
    return {name: setting.default for name, setting in TABLE.items() if setting.default}


def read_one(name: str, text: str) -> str:
    """A text as programs read it.

    Raises:
        StackError: There is no such setting, or the text is none of its values.
    """
    setting = TABLE.get(name)
    if setting is None and name in unknown.in_templates():
        return text.strip()
    if setting is None:
        raise StackError(unknown.sentences([name])[0], "botobs settings lists them.")
    try:
        return _read(setting, text)
    except ValueError:
        raise StackError(_wrong(setting, text, "")) from None


def _read(setting: Setting, text: str) -> str:
    # Space may belong to a text; around a number or a name it is a slip.
    return setting.kind.read(text if setting.kind in (kinds.TEXT, kinds.PATTERN) else text.strip())


def _wrong(setting: Setting, text: str, origin: str) -> str:
    given = "its value" if setting.secret else f"{text[:80]!r}"
    where = f" in the {origin}" if origin in (ENVIRONMENT, ARGUMENT) else f" in {origin}" if origin else ""
    return f"{setting.name}={given}{where} must be {setting.kind.allowed}"


def _inconsistent(texts: Mapping[str, str]) -> Iterator[str]:
    def value(name: str) -> float:
        return _amount(texts.get(name) or TABLE[name].default)

    for lower, upper in _ORDERED:
        if (lower in texts or upper in texts) and not value(lower) < value(upper):
            yield f"{lower}={value(lower):g} must be below {upper}={value(upper):g}"
    for first, second in _TOGETHER:
        if (first in texts) != (second in texts):
            there, missing = (first, second) if first in texts else (second, first)
            yield f"{there} does nothing without {missing}"
    for lower, upper in _NOT_ABOVE:
        if (lower in texts or upper in texts) and value(lower) > value(upper):
            yield f"{lower}={value(lower):g}s must not be above {upper}={value(upper):g}s"


def _amount(text: str) -> float:
    """A number, or the seconds of a duration."""
    return units.seconds(text)
