"""How a text is written so that the language that it lands in reads that very text.

Sources: YAML 1.2.2, 7.3.1 (double-quoted style is a superset of JSON's); Go's `strconv.Unquote`, which OTTL and PromQL
share; Go's `text/template`; Caddy's `caddyfile/lexer.go`; go-ini's `parser.go`; POSIX shell, 2.2.3; compose-go's
`dotenv`.
"""

from __future__ import annotations

import json
import re
from typing import Final

import yaml

from ..errors import StackError

#: Characters that JSON leaves as they are and YAML takes for a line break or nothing that can be printed.
_UNPRINTABLE = re.compile(
    "[\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff\ud800-\udfff]"
)
#: What ends no scalar and begins nothing else in YAML, whatever stands around it.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_/.+-](?:[A-Za-z0-9_/.+@=%~-]|:(?=[A-Za-z0-9_/.]))*+")
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def double_quoted(text: str) -> str:
    """`text` between double quotes with backslash escapes, as JSON, YAML, TOML, Go, OTTL and PromQL read it.

    Raises:
        StackError: It holds half a character, which is text in none of them.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise StackError(f"{text!r} is not valid UTF-8") from None
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def in_double_quotes(text: str) -> str:
    """The same, for a place that stands between double quotes already."""
    return double_quoted(text)[1:-1]


def is_plain(text: str) -> bool:
    """Whether `text` changes nothing of the scalar around it in YAML, written without quotes."""
    return _PLAIN.fullmatch(text) is not None


def is_yaml_text(text: str) -> bool:
    """Whether `text`, written without quotes, is a YAML string and that very text."""
    return bool(_read(text) == text)


def is_yaml_number(text: str) -> bool:
    """Whether `text`, written without quotes, is a number or a boolean in YAML."""
    return is_plain(text) and isinstance(_read(text), bool | int | float)


def _read(text: str) -> object:
    try:
        return yaml.load(text, _LOADER)
    except (yaml.YAMLError, ValueError):
        # PyYAML raises a bare ValueError for what looks like a date and is none.
        return None


def yaml_single_quoted(text: str) -> str:
    """`text` between single quotes, or double ones where single ones cannot hold it."""
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return double_quoted(text)


def caddy_token(text: str, where: str) -> str:
    """`text` as one token of a Caddyfile; addresses, which stand in a row, as the tokens that they are.

    Raises:
        StackError: It holds what no token can.
    """
    if re.fullmatch(r"https://[\w.:-]+( https://[\w.:-]+)*", text):
        return text
    # Braces are placeholders, which Caddy replaces inside quotes too.
    if "{" not in text and "}" not in text:
        if re.fullmatch(r"[A-Za-z0-9_/.:+@=%~,-]+", text):
            return text
        if "`" not in text:
            return f"`{text}`"
        # Between double quotes a backslash is itself, unless it is before a quote.
        if '\\"' not in text and not text.endswith("\\"):
            return '"' + text.replace('"', '\\"') + '"'
    raise StackError(f"{where} cannot hold {text!r}: Caddy has no way to write it")


def ini_value(text: str, where: str) -> str:
    """`text` as the value of a key of an ini file, as go-ini reads it.

    Raises:
        StackError: It holds what no value can.
    """
    if re.fullmatch(r"\$__file\{[^{}\n]*\}", text):
        return text
    if "\n" in text or "%(" in text or re.search(r"\$(__\w+)?\{", text):
        raise StackError(f"{where} cannot hold {text!r}: an ini file has no way to write it")
    if re.fullmatch(r"[^\s`\"'#;\\][^`\"'#;\\]*(?<!\s)|", text):
        return text
    if "`" not in text:
        return f"`{text}`"
    if '"""' not in text and not text.endswith('"'):
        return f'"""{text}"""'
    raise StackError(f"{where} cannot hold {text!r}: an ini file has no way to write it")


def in_shell_quotes(text: str, where: str) -> str:
    """`text` for a place between double quotes of a shell that psql starts, between backticks.

    Raises:
        StackError: It holds a backtick, which ends the command for psql whatever is before it.
    """
    if "`" in text:
        raise StackError(f"{where} cannot hold {text!r}: psql has no way to write a backtick")
    return re.sub(r'([\\"$])', r"\\\1", text)


def go_template(text: str) -> str:
    """`text` for a place in a Go template, outside its actions."""
    return text.replace("{", '{{"{"}}')


def env_file_line(name: str, value: str) -> str:
    """A line of an environment file for docker compose, whose double quotes take backslashes and `$` for their own."""
    quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("\n", "\\n")
    return f'{name}="{quoted}"\n'
