"""Where secrets stand: the texts, addresses and attributes that services and their libraries make of them.

A carrier with a name says what its secret is; a bare one does not, and is given only kinds that can be told by themselves.
Errors are written as the drivers write them: psycopg and libpq, asyncpg, SQLAlchemy, PyMySQL, sqlite3, pyodbc, pymongo,
pydantic 2 (`errors()` and `str()`), requests and urllib3.
"""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass, make_dataclass
from typing import Any
from urllib.parse import quote, urlencode

Write = Callable[[str, str], str]


@dataclass(frozen=True)
class Carrier:
    """A text around a secret.

    Attributes:
        write: Makes it of a name and a secret.
        takes: Whether a secret can stand there; a header holds one line, a connection string no blank.
        bare: Whether the name is not in it.
    """

    name: str
    write: Write
    takes: Callable[[str], bool]
    bare: bool = False


def anything(_: str) -> bool:
    return True


def one_line(value: str) -> bool:
    return "\n" not in value


def plain(value: str) -> bool:
    """A text of letters, digits and the signs of base64, as it is written without quotes."""
    return re.fullmatch(r"[\w+/=.:~!*,-]+", value, re.ASCII) is not None


def unescaped(value: str) -> bool:
    return not re.search(r"['\"\\\n]", value)


def _raised(name: str, value: str) -> str:
    try:
        try:
            raise ValueError(f"{name}={value!r} was refused")
        except ValueError as error:
            raise RuntimeError("cannot start") from error
    except RuntimeError as error:
        return "".join(traceback.format_exception(error))


def _grouped(name: str, value: str) -> str:
    group = ExceptionGroup("two failed", [ValueError(f"{name}: {value}"), KeyError("x")])
    return "".join(traceback.format_exception(group))


def _record(name: str, value: str) -> str:
    field = re.sub(r"\W", "_", name)
    return repr(make_dataclass("Credentials", ["exchange", field])("binance", value))


def _cut(name: str, value: str) -> str:
    text = json.dumps({"exchange": "binance", name: value}, ensure_ascii=False)
    return text[: -max(3, len(value) // 3)]


def _source(name: str, value: str) -> str:
    return (
        'Traceback (most recent call last):\n  File "/app/bot.py", line 7, in <module>\n'
        f"    client = Client({re.sub(r'[^A-Za-z0-9]', '_', name)}={value!r}, timeout=10)\n"
        "             ^^^^^^^^^^^^^^^^^^^^^^^^^\nTypeError: Client() got an unexpected keyword argument\n"
    )


def _columns(name: str, value: str, driver: str) -> str:
    column = re.sub(r"\W", "_", name).lower()
    literal = value.replace("'", "''")
    if driver == "psycopg":
        return f"column \"nosuch\" does not exist\nLINE 1: INSERT INTO vault ({column}, n) VALUES ('{literal}', nosuch)\n                    ^"
    if driver == "sqlalchemy":
        return (
            f'(psycopg2.errors.NotNullViolation) null value in column "n"\n[SQL: INSERT INTO vault ({column}) VALUES '
            f"('{literal}')]\n[parameters: {{'{column}': {value!r}, 'n': None}}]\n(Background on this error at: https://sqlalche.me/e/20/gkpj)"
        )
    return f"UPDATE vault SET {column} = '{literal}' WHERE id = 7"


def _pair(write: str, takes: Callable[[str], bool] = one_line) -> tuple[Write, Callable[[str], bool]]:
    return lambda name, value: write.replace("@n", name).replace("@v", value), takes


def _made(name: str, write: Write, takes: Callable[[str], bool] = anything, bare: bool = False) -> Carrier:
    return Carrier(name, write, takes, bare)


def _formats(**formats: tuple[Write, Callable[[str], bool]]) -> list[Carrier]:
    return [Carrier(name.replace("_", " "), *given) for name, given in formats.items()]


NAMED = [
    *_formats(
        assignment=_pair("@n=@v", plain),
        assignment_in_prose=_pair("request with @n=@v failed after 3 attempts", plain),
        assignment_before_a_comma=_pair("opened with @n=@v, retrying in 5 s", plain),
        assignment_in_brackets=_pair("Client(exchange='okx', @n=@v)", lambda v: plain(v) and "," not in v),
        spaced_assignment=_pair("@n = @v", plain),
        colon=_pair("@n: @v", plain),
        header_line=_pair("> POST /api/v1/order HTTP/1.1\n> @n: @v\n> Accept: */*", plain),
        double_quoted=_pair('@n="@v" timeout=5', unescaped),
        single_quoted=_pair("@n='@v' timeout=5", unescaped),
        option=_pair("bot --symbol BTC/USDT --@n=@v --dry-run", plain),
        yaml=_pair("exchange: binance\n@n: '@v'\nsymbol: BTC/USDT", unescaped),
        toml=_pair('[exchange]\n@n = "@v"\nsandbox = true', unescaped),
        dotenv=_pair("export @n=@v\nexport LEVEL=info", plain),
        xml=_pair("<config><@n>@v</@n><id>7</id></config>", lambda v: one_line(v) and "<" not in v),
        pair_of_a_list=_pair("[('Accept', '*/*'), ('@n', '@v')]", unescaped),
        bytes_pair=_pair("headers [(b'Accept', b'*/*'), (b'@n', b'@v')]", unescaped),
        bytes_of_a_mapping=_pair("{b'@n': b'@v'}", unescaped),
        bytearray=_pair("@n=bytearray(b'@v')", unescaped),
        secret_type=_pair("Settings(exchange='okx', @n=SecretStr('@v'), depth=3)", unescaped),
        tuple_value=_pair("@n=('@v', 'other')", unescaped),
        list_value=_pair("form {'symbol': ['BTC'], '@n': ['@v']}", unescaped),
        subscript=_pair("config['@n'] = '@v'", unescaped),
        named_header=_pair('{"headers": [{"name": "@n", "value": "@v"}]}', unescaped),
        multi_dict=_pair("<CIMultiDict('Accept': '*/*', '@n': '@v')>", unescaped),
        arrow=_pair("'@n' => '@v'", unescaped),
        pydantic_input=_pair(
            "1 validation error for Settings\n@n\n  Input should be a valid integer, unable to parse string as an integer "
            "[type=int_parsing, input_value='@v', input_type=str]\n    For further information visit "
            "https://errors.pydantic.dev/2.11/v/int_parsing",
            lambda v: unescaped(v) and len(v) < 50,
        ),
        pydantic_mapping=_pair(
            "1 validation error for Settings\n  Field required [type=missing, input_value={'@n': '@v'}, input_type=dict]",
            unescaped,
        ),
        colored=_pair("\x1b[32m@n\x1b[0m=\x1b[35m@v\x1b[0m done", plain),
    ),
    _made("json", lambda n, v: json.dumps({"symbol": "BTC/USDT", n: v, "n": 1})),
    _made("compact json", lambda n, v: json.dumps({n: v, "n": 1}, separators=(",", ":"))),
    _made("nested json", lambda n, v: json.dumps({"a": {"b": [{n: v}]}, "n": 1})),
    _made("escaped json", lambda n, v: json.dumps({"body": json.dumps({n: v, "x": 1})})),
    _made("json escaped twice", lambda n, v: json.dumps(json.dumps(json.dumps({n: v, "x": 1})))),
    _made("cut json", _cut, lambda v: len(v) > 8),
    _made("json of an error", lambda n, v: json.dumps(str(ValueError(f"bad {n}={v!r}")))),
    _made("mapping", lambda n, v: repr({"symbol": "BTC/USDT", n: v, "n": None})),
    _made("record", _record),
    _made("form", lambda n, v: urlencode({"symbol": "BTCUSDT", n: v, "timestamp": 1700000000000})),
    _made("query", lambda n, v: f"GET https://api.example.com/v3/order?symbol=BTCUSDT&{n}={quote(v, safe='')} -> 400"),
    _made("relative address", lambda n, v: f"GET /v3/order?{n}={quote(v, safe='')}&x=1 HTTP/1.1"),
    _made("percent-encoded json", lambda n, v: "payload=" + quote(json.dumps({n: v, "x": 1}))),
    _made("userinfo", lambda n, v: f"https://{n}:{quote(v, safe='')}@api.example.com/v1", one_line),
    _made("fragment", lambda n, v: f"https://app.example.com/cb#{n}={quote(v, safe='')}"),
    _made("chained exception", _raised),
    _made("grouped exception", _grouped, plain),
    _made("source line", _source, one_line),
    _made("line of psycopg", lambda n, v: _columns(n, v, "psycopg"), one_line),
    _made("error of sqlalchemy", lambda n, v: _columns(n, v, "sqlalchemy"), one_line),
    _made("sqlalchemy's error in json", lambda n, v: json.dumps(_columns(n, v, "sqlalchemy")), one_line),
    _made("update", lambda n, v: _columns(n, v, ""), one_line),
    _made("alter role", lambda _, v: f"ALTER ROLE bot WITH LOGIN PASSWORD '{v}'", unescaped),
    _made("mongodb", lambda n, v: f'E11000 duplicate key error collection: t.keys index: k_1 dup key: {{ {n}: "{v}" }}', unescaped),
    _made("libpq string", lambda _, v: f"could not connect: host=db user=bot password='{v}' dbname=bots", unescaped),
    _made("odbc string", lambda _, v: f"Driver={{ODBC}};Server=db;Uid=bot;Pwd={v};Encrypt=yes", plain),
]  # fmt: skip

BARE = [
    *_formats(
        alone=_pair("@v", anything),
        quoted=_pair("invalid credentials '@v' for binance", unescaped),
        in_prose=_pair("login with @v failed", one_line),
        at_the_end=_pair("cannot use @v", one_line),
        before_a_stop=_pair("rejected: @v.", one_line),
        in_brackets=_pair("Client(@v)", one_line),
        positional=_pair("    client = Client('okx', '@v', 10)", unescaped),
        list_item=_pair("['binance', '@v', 7]", unescaped),
        innocent_name=_pair('{"note": "@v"}', unescaped),
        syntax_error=_pair('syntax error at or near "@v"\nLINE 1: @v', unescaped),
        bearer=_pair("Authorization: Bearer @v", plain),
        hmac=_pair("Authorization: HMAC-SHA256 @v", plain),
        scheme=_pair("sent Bearer @v to the gateway", plain),
        cookie=_pair("Cookie: theme=dark; sid=@v", plain),
        set_cookie=_pair("Set-Cookie: sid=@v; Path=/; HttpOnly", plain),
        basic_user=_pair("curl -u bot:@v https://api.example.com", plain),
    ),
]

#: Errors of databases that quote a value, whatever it is.
DATABASES = [
    *_formats(
        asyncpg_argument=_pair("invalid input for query argument $1: '@v' ('str' object cannot be interpreted as an integer)", unescaped),
        invalid_syntax=_pair('invalid input syntax for type uuid: "@v"', unescaped),
        enum=_pair('invalid input value for enum side: "@v"', unescaped),
        context=_pair("CONTEXT:  unnamed portal parameter $1 = '@v'", unescaped),
        key=_pair("DETAIL:  Key (k)=(@v) already exists.", one_line),
        key_with_a_bracket=_pair("DETAIL:  Key (k)=(a)@v) already exists.", one_line),
        row=_pair("DETAIL:  Failing row contains (1, @v, null).", one_line),
        long_row=_pair("DETAIL:  Failing row contains (1, " + "x, " * 900 + "@v, null).", one_line),
        copy=_pair('CONTEXT:  COPY vault, line 1, column k: "@v"', unescaped),
        duplicate_entry=_pair("(1062, \"Duplicate entry '@v' for key 'vault.k'\")", unescaped),
        incorrect_value=_pair("Incorrect integer value: '@v' for column 'k' at row 1", unescaped),
        truncated_value=_pair("Truncated incorrect DOUBLE value: '@v'", unescaped),
        near=_pair("You have an error in your SQL syntax; check the manual for the right syntax to use near '@v' at line 1", unescaped),
        odbc=_pair("Conversion failed when converting the varchar value '@v' to data type int.", unescaped),
        odbc_key=_pair("Violation of UNIQUE KEY constraint 'k'. The duplicate key value is (@v).", one_line),
        redis=_pair("ERR unknown command 'AUTHX', with args beginning with: '@v' ", unescaped),
        parameters=_pair("[SQL: SELECT 1 WHERE k = %(k)s]\n[parameters: ('@v', 1)]", unescaped),
        line=_pair("LINE 1: SELECT v FROM vault WHERE k = '@v' AND nosuch = 1", unescaped),
        input_value=_pair("Input should be a valid integer [type=int_parsing, input_value='@v', input_type=str]", unescaped),
    ),
]  # fmt: skip

#: Names and values of attributes, as a mapping that is given to `Redactor.attribute` item by item.
ATTRIBUTES: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "attribute": lambda n, v: {n: v},
    "prefixed attribute": lambda n, v: {f"exchange.{n}": v},
    "list attribute": lambda n, v: {n: [v]},
    "mapping attribute": lambda n, v: {"config": {"exchange": "okx", n: v}},
    "parent's name": lambda _, v: {"credentials": {"binance": v}},
    "parent of lists": lambda _, v: {"secrets": [{"binance": [v]}]},
    "text attribute": lambda n, v: {"message": json.dumps({n: v})},
    "header attribute": lambda n, v: {f"http.request.header.{n.lower()}": [v]},
    "query attribute": lambda n, v: {"url.query": f"{n}={v}"},
    "address attribute": lambda n, v: {"url.full": f"https://api.example.com/v1?{n}={quote(v, safe='')}"},
    "statement": lambda n, v: {"db.query.text": _columns(n, v, "")},
    "bytes attribute": lambda n, v: {"payload": f"{n}={v}".encode()},
}
