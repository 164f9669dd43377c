"""Decides each setting: argument, `BOTOBS_*`, `OTEL_*`, file, running stack, default."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ..safe import class_name, let_pass
from . import _declarative, _files, _shown, unknown
from ._credentials import NoTokenFile, read_token
from ._parse import Unusable, path, path_below
from ._table import TABLE, Problem, Setting, Settings
from .stack_file import Stack, read_stack, stack_files, state_folder


class SettingsError(ValueError):
    """A setting cannot be used and `strict` was asked for; the message is for a person."""


_DEFAULTS = Settings()


def load(
    arguments: Mapping[str, Any],
    environ: Mapping[str, str],
    directory: Path | None = None,
) -> Settings:
    """Decide every setting; what cannot be read is a problem of the settings, and its default stands.

    Args:
        arguments: Those of `init`; None stands for "not given".
        environ: The variables.
        directory: Where a settings file is looked for; the working directory by default.

    Raises:
        SettingsError: A value cannot be used and `strict` is on.
    """
    decided = _Decided()
    if not isinstance(environ, Mapping):
        kind = class_name(type(environ))
        decided.problems.append(
            Problem("environ", f"environ is a {kind} and no mapping; no variable is read.")
        )
        environ = {}
    environ, problems = _declarative.overlay(environ)
    decided.problems += problems
    decided.try_to("config", lambda: decided.read_file(arguments, environ, directory))
    decided.try_to("environ", lambda: decided.name_unknown(environ))
    decided.try_to("scrape_address", decided.check_scrape)
    # Before a stack is asked: it may offer its own token where what a person named can be none.
    decided.try_to("token_file", decided.check_token_file)
    if decided.values.get("endpoint") is None and not any(problem.essential for problem in decided.problems):
        decided.try_to("endpoint", lambda: decided.find_stack(environ))
    decided.try_to("state_dir", lambda: decided.find_state_dir(environ))
    decided.try_to("service_name", lambda: decided.derive(environ))
    settings = Settings(
        **decided.values,
        stack_files=decided.files,
        stack=decided.stack,
        state_dir=decided.state_dir,
        origins=decided.origins,
        problems=tuple(decided.problems),
    )
    if settings.strict and settings.problems:
        raise SettingsError(" ".join(problem.text for problem in settings.problems))
    return settings


def follow(settings: Settings) -> tuple[Stack, Settings] | None:
    """The stack that runs on this machine now, and `settings` with the way to it.

    Once a stack has been found, telemetry is sent to that one only: no other one gets what was meant for it.

    Returns:
        None if no stack runs, or the endpoint is not one that a stack may decide.
    """
    before = settings.stack
    if before is None:
        stack = read_stack(settings.stack_files)
    else:
        stack = read_stack((before.home / "stack.json", *settings.stack_files), before.home)
    if stack is None:
        return None
    values: dict[str, Any] = {}
    origins = dict(settings.origins)
    open_to_it = {"default", str(before.file) if before else ""}
    for name in ("endpoint", "certificate", "token_file"):
        raw = stack.settings[name]
        if raw is not None and origins[name] in open_to_it:
            try:
                values[name] = TABLE[name].parse(raw)
            except Exception:
                return None
            origins[name] = str(stack.file)
    return stack, replace(settings, **values, stack=stack, origins=origins)


def _offers(
    name: str,
    setting: Setting,
    arguments: Mapping[str, Any],
    environ: Mapping[str, str],
    file: Mapping[str, Any],
    file_name: str,
) -> Iterator[tuple[str, Any, Any]]:
    """Origin, raw value and parser of each place that gives a value, the strongest first."""
    if arguments.get(name) is not None:
        yield f"argument {name}", arguments[name], setting.parse
    variable = f"BOTOBS_{name.upper()}"
    if _text(environ, variable):
        yield variable, environ[variable], setting.parse
    declared = bool(_text(environ, _declarative.VARIABLE))
    for otel in setting.otel:
        if _text(environ, otel.name):
            origin = f"{otel.name} of {_declarative.VARIABLE}" if declared else otel.name
            yield origin, environ[otel.name], otel.parse
    if name in file:
        yield file_name, file[name], _of_file(setting, file_name, environ)


def _of_file(setting: Setting, file_name: str, environ: Mapping[str, str]) -> Callable[[Any], Any]:
    """The parser of a value that stands in a file.

    A file that was only found in the working directory, and not named by the environment, may name no path outside of
    its folder: who can put a file there would otherwise choose what a service reads, sends as its token or writes to.
    """
    if setting.parse is not path or _text(environ, _files.VARIABLE):
        return setting.parse
    return path_below(Path(file_name).parent)


def _text(environ: Mapping[str, str], name: str) -> str:
    """A variable without the space around it; empty if it is not set."""
    value = environ.get(name)
    return value.strip() if isinstance(value, str) else ""


class _Decided:
    """Values, origins and problems while they are being decided."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.origins: dict[str, str] = dict.fromkeys(TABLE, "default")
        self.problems: list[Problem] = []
        self.files: tuple[Path, ...] = ()
        self.stack: Stack | None = None
        self.state_dir: Path | None = None

    def try_to(self, name: str, step: Callable[[], None]) -> None:
        """Take a step; if it fails, what it would have decided has its default, and that is a problem."""
        try:
            step()
        except BaseException as error:
            let_pass(error)
            text = f"what is given for {name} cannot be read ({class_name(type(error))}); it is left out."
            self.problems.append(Problem(name, text, name in TABLE and TABLE[name].essential))

    def read_file(
        self, arguments: Mapping[str, Any], environ: Mapping[str, str], directory: Path | None
    ) -> None:
        """Decide by arguments, variables and the settings file."""
        file, file_name, problems = _files.read(environ, directory)
        self.problems += problems
        for key, value in file.items():
            # The stack's own settings stand beside those of services in the file of its home.
            if key not in TABLE and not (key == "stack" and isinstance(value, dict)):
                text = f"{file_name} sets {key[:100]}, which is no setting; it is left out."
                self.problems.append(Problem(key, text))
        for name, setting in TABLE.items():
            offers = _offers(name, setting, arguments, environ, file, file_name)
            self.try_to(name, partial(self.settle, name, setting, offers))

    def name_unknown(self, environ: Mapping[str, str]) -> None:
        """Report the variables that begin with `BOTOBS_` and that nothing reads."""
        for name, sentence in unknown.of_service(environ).items():
            self.problems.append(Problem(name, f"{sentence} It is left out."))

    def find_stack(self, environ: Mapping[str, str]) -> None:
        """Decide by what the stack on this machine offers."""
        self.files = stack_files(environ)
        self.stack = read_stack(self.files)
        self.take_stack(self.stack)
        if self.stack is not None and self.origins["token_file"] == str(self.stack.file):
            self.check_token_file()

    def find_state_dir(self, environ: Mapping[str, str]) -> None:
        """Where this user's programs leave what outlives them."""
        self.state_dir = state_folder(environ)

    def settle(self, name: str, setting: Setting, offers: Iterator[tuple[str, Any, Any]]) -> None:
        """Take the strongest offer; a wrong one is reported and the default stands."""
        for origin, raw, parse in offers:
            try:
                self.values[name] = parse(raw)
                self.origins[name] = origin
            except Unusable as error:
                self._refuse(name, setting, origin, raw, str(error))
            except BaseException as error:
                # An object of the service's own that cannot even be looked at, or a number beyond any range.
                let_pass(error)
                self._refuse(name, setting, origin, raw, "something that can be read")
            return

    def _refuse(self, name: str, setting: Setting, origin: str, raw: Any, allowed: str) -> None:
        given = "a value" if setting.secret else _shown.refused(raw)
        outcome = (
            "nothing is exported" if setting.essential else f"the default, {_DEFAULTS.shown(name)}, is used"
        )
        text = f"{origin} sets {name} to {given}, but it must be {allowed}; {outcome}."
        self.problems.append(Problem(name, text, setting.essential))

    def take_stack(self, stack: Stack | None) -> None:
        """Take the values of the stack on this machine for settings that are not given."""
        if stack is None:
            return
        for name, raw in stack.settings.items():
            if raw is not None and name not in self.values:
                self.settle(name, TABLE[name], iter([(str(stack.file), raw, TABLE[name].parse)]))

    def check_token_file(self) -> None:
        """Say that the file of the token holds none; one that is missing or half written is looked at again."""
        file, token = self.values.get("token_file"), self.values.get("token")
        if file is None or token is not None:
            return
        try:
            read_token(file)
        except OSError:
            return
        except ValueError as error:
            origin, shown = self.origins["token_file"], _shown.text(str(file))
            text = f"{origin} sets token_file to {shown}, which {error}; it must hold one token and nothing else."
            self.problems.append(Problem("token_file", text))
            if isinstance(error, NoTokenFile):
                del self.values["token_file"]
                self.origins["token_file"] = "default"

    def check_scrape(self) -> None:
        """Do not serve metrics to everybody, nor without the encryption that was asked for."""
        address = self.values.get("scrape_address")
        if address is None:
            return
        if "scrape_token_file" not in self.values and not _is_loopback(address):
            self._do_not_serve(f"{address} can be reached by other hosts, and there is no scrape_token_file")
        elif ("scrape_certificate" in self.values) != ("scrape_key" in self.values):
            self._do_not_serve("scrape_certificate and scrape_key need each other")

    def _do_not_serve(self, why: str) -> None:
        self.problems.append(Problem("scrape_address", f"{why}; metrics are not served but pushed."))
        del self.values["scrape_address"]
        self.origins["scrape_address"] = "default"

    def derive(self, environ: Mapping[str, str]) -> None:
        """The settings of other sources: OpenTelemetry's switch, its resource, the program's name."""
        if _text(environ, "OTEL_SDK_DISABLED").lower() == "true":
            self.values["enabled"] = False
            self.origins["enabled"] = "OTEL_SDK_DISABLED"
        resource = self.values.get("resource_attributes", {})
        for name, key in (
            ("service_name", "service.name"),
            ("service_namespace", "service.namespace"),
            ("service_version", "service.version"),
            ("environment", "deployment.environment.name"),
        ):
            if key in resource and name not in self.values:
                self.values[name] = resource[key]
                self.origins[name] = self.origins["resource_attributes"]
        if "service_name" not in self.values:
            self.values["service_name"] = program_name()
            self.origins["service_name"] = "default: the program's name"
        self._follow_sampler(_text(environ, "OTEL_TRACES_SAMPLER"))

    def _follow_sampler(self, sampler: str) -> None:
        """`OTEL_TRACES_SAMPLER_ARG` is a ratio only where `OTEL_TRACES_SAMPLER` names a sampler that has one."""
        origin = self.origins["sampling_ratio"]
        if not origin.startswith(("default", "OTEL_TRACES_SAMPLER_ARG")) or "traceidratio" in sampler:
            return
        self.values["sampling_ratio"] = 0.0 if sampler.endswith("always_off") else 1.0
        self.origins["sampling_ratio"] = "OTEL_TRACES_SAMPLER" if sampler else "default"


def _is_loopback(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def program_name() -> str:
    """The name of the running program: its script, module or command, without directory and `.py`."""
    try:
        script = Path(sys.argv[0])
    except (AttributeError, IndexError, TypeError):
        # Embedded in another program, which has no arguments, or has put something else in their place.
        script = Path()
    name = script.parent.name if script.name == "__main__.py" else script.name.removesuffix(".py")
    return name if name not in ("", "-", "-c", "-m") else "python"
