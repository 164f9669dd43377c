"""How each database writes strings, names and comments: one pattern of tokens for every kind.

Read off the lexers and manuals:
https://www.postgresql.org/docs/current/sql-syntax-lexical.html (and `scan.l`),
https://dev.mysql.com/doc/refman/8.4/en/language-structure.html, https://mariadb.com/kb/en/comment-syntax/,
https://www.sqlite.org/lang_expr.html, https://clickhouse.com/docs/sql-reference/syntax,
https://docs.oracle.com/en/database/oracle/oracle-database/23/sqlrf/Literals.html,
https://docs.snowflake.com/en/sql-reference/data-types-text,
https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical,
https://learn.microsoft.com/en-us/sql/t-sql/language-elements/transact-sql-syntax-elements.

Every pattern takes what opens and never closes to the end of the text, and gives nothing back that it has read, so that
no text costs more than its length.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

_STRING = r"'[^']*+(?:''[^']*+)*+(?:'|\Z)"
_BACKSLASHES = r"'[^'\\]*+(?:(?:''|\\(?s:.))[^'\\]*+)*+(?:'|\\?\Z)"
_NATIONAL = rf"[nNbBxX]?{_STRING}"
_NATIONAL_BACKSLASHES = rf"[nNbBxX]?{_BACKSLASHES}"
# What follows on a new line continues a string of PostgreSQL by the rules of its beginning.
_NEXT_LINE = r"(?:[ \t\f\v]|--[^\n\r]*+)*+[\n\r](?:\s|--[^\n\r]*+(?=[\n\r]))*+(?=')"
_E_STRING = rf"[eE]{_BACKSLASHES}(?:{_NEXT_LINE}{_BACKSLASHES})*+"
_DOLLARS = r"\$(?P<tag>(?:[^\W\d]\w*+)?)\$(?s:.*?)(?:\$(?P=tag)\$|\Z)"
_Q_STRING = (
    r"[nN]?[qQ]'(?:\[(?s:.*?)(?:\]'|\Z)|\{(?s:.*?)(?:\}'|\Z)|\((?s:.*?)(?:\)'|\Z)|<(?s:.*?)(?:>'|\Z)"
    r"|(?P<mark>[^\s\[{(<])(?s:.*?)(?:(?P=mark)'|\Z))"
)
_TRIPLE = r"'''(?s:\\.|[^\\])*?(?:'''|\\?\Z)|\"\"\"(?s:\\.|[^\\])*?(?:\"\"\"|\\?\Z)"

_DOUBLE = r'(?:[uU]&)?"[^"]*+(?:""[^"]*+)*+(?:"|\Z)'
_DOUBLE_BACKSLASHES = r'"[^"\\]*+(?:(?:""|\\(?s:.))[^"\\]*+)*+(?:"|\\?\Z)'
_BACKTICKS = r"`[^`]*+(?:``[^`]*+)*+(?:`|\Z)"
_BACKTICKS_BACKSLASHES = r"`[^`\\]*+(?:(?:``|\\(?s:.))[^`\\]*+)*+(?:`|\\?\Z)"
_BRACKETS = r"\[[^\]]*+(?:\]\][^\]]*+)*+(?:\]|\Z)"

_DASHES = r"--[^\n]*+"
_DASHES_TO_RETURN = r"--[^\n\r]*+"
_DASHES_AND_BLANK = r"--(?=[\s\x00-\x1f]|\Z)[^\n]*+"
_HASH = r"#[^\n]*+"
_HASH_AND_BLANK = r"#[ !][^\n]*+"
_SLASHES = r"//[^\n]*+"
# `#>` and `#-` are operators of PostgreSQL.
_HASH_IF_NO_OPERATOR = r"#(?![>-])[^\n]*+"
#: `/*! … */` is code: what opens and what closes it counts as blanks.
_EXECUTABLE = r"/\*!(?:\d{5,6}+)?|\*/"
_EXECUTABLE_OF_MARIADB = r"/\*M?!(?:\d{5,6}+)?|\*/"

_NUMBER = r"(?:\d|\.\d)(?:[eE][+-]\d|[\w.])*+"
#: `$4.50` is money in SQL Server.
PARAMETER = r"\$\d++(?!\.\d)|:[A-Za-z_]\w*+|@[A-Za-z_]\w*+|%\(\w++\)s|%s|\?"


def _tokens(
    strings: str, comments: str = _DASHES, double: str = _DOUBLE, names: str = r"(?!)", blanks: str = r"(?!)"
) -> str:
    return (
        rf"(?P<space>\s++|{blanks})|(?P<block>/\*)|(?P<comment>{comments})|(?P<parameter>{PARAMETER})"
        rf"|(?P<literal>{strings}|{_NUMBER})|(?P<double>{double})|(?P<name>{names})|(?P<cast>::)"
        r"|(?P<word>[^\W\d][\w$]*+)|(?P<other>(?s:.))"
    )


_STANDARD = _tokens(rf"[uU]&{_STRING}|{_NATIONAL}")
_POSTGRESQL = _tokens(rf"{_DOLLARS}|{_E_STRING}|[uU]&{_STRING}|{_NATIONAL}", _DASHES_TO_RETURN)
_MYSQL = _tokens(
    _NATIONAL_BACKSLASHES, f"{_DASHES_AND_BLANK}|{_HASH}", _DOUBLE_BACKSLASHES, _BACKTICKS, _EXECUTABLE
)
_MARIADB = _tokens(
    _NATIONAL_BACKSLASHES,
    f"{_DASHES_AND_BLANK}|{_HASH}",
    _DOUBLE_BACKSLASHES,
    _BACKTICKS,
    _EXECUTABLE_OF_MARIADB,
)
_SQLITE = _tokens(_NATIONAL, names=rf"{_BACKTICKS}|\[[^\]]*+(?:\]|\Z)")
_ORACLE = _tokens(rf"{_Q_STRING}|{_NATIONAL}")
_SQL_SERVER = _tokens(_NATIONAL, names=_BRACKETS)
_CLICKHOUSE = _tokens(
    rf"{_DOLLARS}|{_NATIONAL_BACKSLASHES}",
    f"{_DASHES}|{_HASH_AND_BLANK}",
    _DOUBLE_BACKSLASHES,
    _BACKTICKS_BACKSLASHES,
)
_SNOWFLAKE = _tokens(rf"\$\$(?s:.*?)(?:\$\$|\Z)|{_NATIONAL_BACKSLASHES}", f"{_DASHES}|{_SLASHES}")
_BIGQUERY = _tokens(
    rf"[rRbB]{{0,2}}(?:{_TRIPLE}|{_BACKSLASHES})", f"{_DASHES}|{_HASH}", _DOUBLE_BACKSLASHES, _BACKTICKS
)
_HIVE = _tokens(_BACKSLASHES, _DASHES, _DOUBLE_BACKSLASHES, _BACKTICKS)
# For statements of unknown databases: as MySQL's and BigQuery's, but with the operators of PostgreSQL.
_LIKE_MYSQL = _tokens(
    _NATIONAL_BACKSLASHES,
    f"{_DASHES_AND_BLANK}|{_HASH_IF_NO_OPERATOR}",
    _DOUBLE_BACKSLASHES,
    _BACKTICKS,
    _EXECUTABLE,
)
_LIKE_BIGQUERY = _tokens(
    rf"[rRbB]{{0,2}}(?:{_TRIPLE}|{_BACKSLASHES})",
    f"{_DASHES}|{_HASH_IF_NO_OPERATOR}",
    _DOUBLE_BACKSLASHES,
    _BACKTICKS,
)


@dataclass(frozen=True)
class Dialect:
    """How a database's statements are read.

    Attributes:
        pattern: Of `tokens`.
        nested: Whether a comment may hold comments.
        double_is_string: Whether a text in double quotes is, or may be, a string and not a name.
        data_after_format: Whether `INSERT … FORMAT name` is followed by the rows themselves.
    """

    pattern: str
    nested: bool = False
    double_is_string: bool = False
    data_after_format: bool = False

    @functools.cached_property
    def tokens(self) -> re.Pattern[str]:
        """Matches one token at any position; the name of its group is the token's kind.

        Compiled when it is first asked for: all take a twelfth of `import botobs`, and a service has one database.
        """
        return re.compile(self.pattern)


STANDARD = Dialect(_STANDARD)
_OF_POSTGRESQL = Dialect(_POSTGRESQL, nested=True)
_OF_MYSQL = Dialect(_MYSQL, double_is_string=True)
_OF_SQL_SERVER = Dialect(_SQL_SERVER, nested=True)
_OF_CLICKHOUSE = Dialect(_CLICKHOUSE, nested=True, data_after_format=True)
_OF_HIVE = Dialect(_HIVE, double_is_string=True)

#: By `db.system.name`, and by SQLAlchemy's names of dialects.
DIALECTS: dict[str, Dialect] = {
    **dict.fromkeys(
        ("postgresql", "cockroachdb", "redshift", "aws.redshift", "yugabytedb", "greenplum", "duckdb"),
        _OF_POSTGRESQL,
    ),
    **dict.fromkeys(("mysql", "tidb", "singlestore", "starrocks", "doris"), _OF_MYSQL),
    "mariadb": Dialect(_MARIADB, double_is_string=True),
    "sqlite": Dialect(_SQLITE, double_is_string=True),
    **dict.fromkeys(("oracle", "oracle.db", "firebird", "firebirdsql"), Dialect(_ORACLE)),
    **dict.fromkeys(("mssql", "microsoft.sql_server", "sybase", "sybase.ase"), _OF_SQL_SERVER),
    **dict.fromkeys(("clickhouse", "clickhousedb"), _OF_CLICKHOUSE),
    "snowflake": Dialect(_SNOWFLAKE),
    **dict.fromkeys(("bigquery", "gcp.bigquery"), Dialect(_BIGQUERY, double_is_string=True)),
    **dict.fromkeys(("hive", "spark", "sparksql", "databricks", "impala"), _OF_HIVE),
    **dict.fromkeys(("trino", "presto", "db2", "ibm.db2", "ibm_db_sa"), STANDARD),
}

#: All of them, for a statement of a database that is not known. Double quotes hold names.
UNKNOWN: tuple[Dialect, ...] = (
    STANDARD,
    _OF_POSTGRESQL,
    Dialect(_LIKE_MYSQL),
    Dialect(_SQLITE),
    Dialect(_ORACLE),
    _OF_SQL_SERVER,
    _OF_CLICKHOUSE,
    Dialect(_SNOWFLAKE),
    Dialect(_LIKE_BIGQUERY),
    Dialect(_HIVE),
)
#: Without any of these, all dialects read a statement alike.
AMBIGUOUS = re.compile(r"""[\\#`\[]|//|/\*|--|\$\w*+\$|[eEqQ]'|'''|\"\"\"""")
