"""Whatever a value holds, the language of the file that it lands in reads that very text."""

from __future__ import annotations

import configparser
import io
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from botobs._ops.errors import StackError
from botobs._ops.home import quoting
from botobs._ops.home.render import VARIABLE, render_text
from tests.support import configs

#: Texts of which each has put an end to some program's start.
NASTY = (
    r"CORP\svc", '"Bot Obs" <a@b>', "bob's-mac", "prod: eu", "::1", "a #b", "#b", "a $b ${HOME} $$c", "x\ny", "\ty ",
    " lead", "trail ", "true", "null", "123", "1e3", "0x1f", "~", "[a, b]", "{a: b}", "*a", "&a", "!t", "|", ">", "%x",
    "@x", "`x`", "- x", "? x", "---", "...", "a\u2028b", "a\u0085b", "\u007f", "\ufeff", "é 漢 🐍", "{{ .x }}", "\\",
    '"', "'", "a\\n", '\\"', "2026-01-01", "1:30", "yes", "=", "<<", ",", "x:", ": ", "a b",
)  # fmt: skip
#: Any text that an environment or a TOML file can hold.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)
#: They stand in references to files, whose names the collector and Grafana take as they are.
_NAMES_OF_FILES = {*configs.VALUES, "BOTOBS_TENANT"}
_LITERAL = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
_TEMPLATES = [file for file in configs.config_files() if file.suffix in (".yaml", ".yml")]
_RULES = sorted((configs.ROOT / "prometheus" / "rules").glob("*.yml"))


def _nasty(test: Any) -> Any:
    for text in NASTY:
        test = example(text)(test)
    return test


@_nasty
@given(TEXT)
def test_any_text_stands_in_every_style_of_yaml(text: str) -> None:
    template = (
        "plain: ${BOTOBS_A:-x}\n"
        'double: "<${BOTOBS_A:-x}>"\n'
        "single: '<${BOTOBS_A:-x}>'\n"
        "folded: >-\n  head ${BOTOBS_A:-x}\n  tail\n"
        "several: head ${BOTOBS_A:-x}\n  tail\n"
        "flow: {a: ${BOTOBS_A:-x}, b: [${BOTOBS_A:-x}, 1]}\n"
        "path: ${BOTOBS_A:-x}/file.pem  # a comment with ${BOTOBS_A:-x}\n"
        "anchor: &a ${BOTOBS_A:-x}\nalias: *a\n"
        "${BOTOBS_A:-x}: key\nlast: 1\n"
    )
    read = _load(render_text(template, {"BOTOBS_A": text}, "mimir/file.yaml"))
    assert read == {
        "plain": text,
        "double": f"<{text}>",
        "single": f"<{text}>",
        "folded": f"head {text} tail",
        "several": f"head {text} tail",
        "flow": {"a": text, "b": [text, 1]},
        "path": f"{text}/file.pem",
        "anchor": text,
        "alias": text,
        text: "key",
        "last": 1,
    }


def test_a_place_for_a_number_stays_one() -> None:
    template = "port: ${BOTOBS_A:-25}\nhost: ${BOTOBS_B:-name}\nends: ${BOTOBS_C:-[]}\n"
    values = {"BOTOBS_A": "2525", "BOTOBS_B": "2525", "BOTOBS_C": '[{"a": 1}]'}
    read = _load(render_text(template, values, "x.yaml"))
    assert read == {"port": 2525, "host": "2525", "ends": [{"a": 1}]}
    with pytest.raises(StackError, match="needs a list in YAML"):
        render_text(template, {"BOTOBS_C": "a: b"}, "x.yaml")


@_nasty
@given(TEXT)
def test_a_string_of_ottl_and_promql_holds_any_text(text: str) -> None:
    template = 'a:\n  - \'set(x["y"], "${BOTOBS_A:-x}") where z\'\nb: >-\n  up{a=~"${BOTOBS_A:-x}"} > 1\n'
    statement = _load(render_text(template, {"BOTOBS_A": text}, "collector/file.yaml"))["a"][0]
    read = _LITERAL.findall(_collector_reads(statement))
    assert [json.loads(each) for each in read] == ["y", text]
    query = _load(render_text(template, {"BOTOBS_A": text}, "prometheus/rules/file.yml"))["b"]
    assert [json.loads(each) for each in _LITERAL.findall(query)] == [text]


def _collector_reads(text: str) -> str:
    """A value of the collector's configuration after its environment is put in: no reference, `$$` is a dollar."""
    assert not re.search(r"(?<!\$)(?:\$\$)*\$\{", text)
    return text.replace("$$", "$")


@pytest.mark.parametrize("file", _TEMPLATES, ids=lambda file: str(file.relative_to(configs.ROOT)))
def test_every_shipped_template_holds_any_text(file: Path) -> None:
    """Each scalar reads as it does with harmless values, but for the text."""
    names = sorted({
        found[1]
        for found in VARIABLE.finditer(file.read_text(encoding="utf-8"))
        if isinstance(yaml.safe_load(found[2] or "x"), str) and found[1] not in _NAMES_OF_FILES
    })  # fmt: skip
    before = _scalars(_load(configs.render(file, {name: f"x{name}x" for name in names})))
    for turn in range(0, len(NASTY), 3):
        texts = {name: NASTY[(turn + at) % len(NASTY)] for at, name in enumerate(names)}
        after = _scalars(_load(configs.render(file, texts)))
        assert len(after) == len(before)
        for old, new in zip(before, after, strict=True):
            expected = _put(old, texts)
            if '"' not in old:
                assert _read_by(file, new) in (_read_by(file, expected), expected)
                assert new == old or expected != old


def _put(text: str, values: dict[str, str]) -> str:
    return re.sub("x(BOTOBS_[A-Z0-9_]+)x", lambda found: values[found[1]], text)


def _read_by(file: Path, text: str) -> str:
    folder = file.relative_to(configs.ROOT).parts[0]
    if file.name == "cluster.yaml":
        return text.replace("${DOLLAR}", "$")
    if folder == "alertmanager":
        return text.replace('{{"{"}}', "{")
    if folder in ("collector", "grafana", "prometheus"):
        return text.replace("$$", "$")
    return text


def _load(text: str) -> Any:
    return yaml.load(text, yaml.CSafeLoader)


def _scalars(content: Any) -> list[str]:
    if isinstance(content, dict):
        return [text for pair in content.items() for each in pair for text in _scalars(each)]
    if isinstance(content, list):
        return [text for each in content for text in _scalars(each)]
    return [str(content)]


@pytest.mark.parametrize("file", _RULES, ids=lambda file: file.name)
def test_rules_keep_their_number_of_string_literals(file: Path) -> None:
    names = {found[1] for found in VARIABLE.finditer(file.read_text(encoding="utf-8"))}
    quoted = {name for name in names if "SERVICES" in name or "ROUTES" in name or "SPANS" in name}
    before = _literals(configs.render(file))
    for text in NASTY[::4]:
        after = _literals(configs.render(file, dict.fromkeys(quoted, text)))
        assert len(after) == len(before)


def _literals(text: str) -> list[str]:
    rules = [rule for group in _load(text)["groups"] for rule in group["rules"]]
    return [json.loads(each) for rule in rules for each in _LITERAL.findall(rule["expr"])]


@_nasty
@given(TEXT)
def test_toml_reads_what_stands_between_double_quotes(text: str) -> None:
    assert tomllib.loads(f"a = {quoting.double_quoted(text)}") == {"a": text}


@_nasty
@given(TEXT)
def test_an_ini_file_reads_the_text_or_it_is_refused(text: str) -> None:
    try:
        rendered = render_text("[s]\nkey = ${BOTOBS_A:-x}/end\n", {"BOTOBS_A": text}, "grafana/x.ini")
    except StackError:
        return
    reader = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#", ";"))
    reader.read_file(io.StringIO(rendered, newline="\n"))
    # go-ini takes backticks and triple quotes away, which configparser does not know.
    assert _go_ini(reader["s"]["key"]) == f"{text}/end"


def _go_ini(value: str) -> str:
    if value.startswith('"""'):
        return value[3:-3]
    return value[1:-1] if value.startswith("`") else value


@_nasty
@given(TEXT)
def test_a_caddyfile_reads_the_text_as_one_token_or_it_is_refused(text: str) -> None:
    try:
        rendered = render_text("tls ${BOTOBS_A:-x}/server.pem next", {"BOTOBS_A": text}, "front/front.conf")
    except StackError:
        assert "{" in text or "}" in text or "`" in text
        return
    assert _caddy_tokens(rendered) == ["tls", f"{text}/server.pem", "next"]


def _caddy_tokens(line: str) -> list[str]:
    """The tokens of a line, as caddyfile/lexer.go finds them."""
    tokens, rest = [], line
    while rest := rest.lstrip(" "):
        end = re.search(r'(?<!\\)"', rest[1:]) if rest[0] == '"' else None
        if rest[0] == "`":
            word, _, rest = rest[1:].partition("`")
        elif end:
            word, rest = rest[1 : end.start() + 1].replace('\\"', '"'), rest[end.end() + 1 :]
        else:
            word, _, rest = rest.partition(" ")
        tokens.append(word)
    return tokens


def test_a_list_of_addresses_stays_several_tokens() -> None:
    text = "reverse_proxy ${BOTOBS_A:-https://127.0.0.1:1} {"
    urls = "https://127.0.0.1:1 https://127.0.0.1:2"
    assert render_text(text, {"BOTOBS_A": urls}, "front.conf") == f"reverse_proxy {urls} {{"


@_nasty
@given(TEXT)
def test_an_environment_file_of_compose_holds_any_text(text: str) -> None:
    line = quoting.env_file_line("A", text)
    name, _, value = line.removesuffix("\n").partition("=")
    assert name == "A"
    assert "\n" not in value
    # compose-go: escapes first, then references; both begin with a character that is escaped here.
    assert re.fullmatch(r'"(?:[^"\\$]|\\[\\"$n])*"', value)
    read = re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], value[1:-1])
    assert read == text


def test_half_a_character_is_refused() -> None:
    with pytest.raises(StackError, match="not valid UTF-8"):
        render_text("a: ${BOTOBS_A:-x}", {"BOTOBS_A": "\udcff"}, "x.yaml")


@pytest.mark.parametrize("text", ["a}b", "a${b", "a$b"])
def test_a_reference_to_a_file_refuses_what_would_end_it(text: str) -> None:
    template = 'value: "${file:${BOTOBS_SECRETS}/x}"'
    with pytest.raises(StackError, match="cannot be the name of a file"):
        render_text(template, {"BOTOBS_SECRETS": text}, "collector/collector.yaml")
