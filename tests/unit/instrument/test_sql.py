from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botobs._sdk.instrument.databases._sql import parse


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("SELECT 'it''s', 1.5e3, -7, 0xFF, a1 FROM t2", "SELECT ?, ?, -?, ?, a1 FROM t2"),
        (r"SELECT E'a\'b', B'01', N'x', U&'d'", "SELECT ?, ?, ?, ?"),
        ("SELECT $$a'b$$, $tag$c$d$tag$ FOR UPDATE", "SELECT ?, ? FOR UPDATE"),
        ("SELECT a -- secret 'x\n, b /* 'secret' /* inner */ */ FROM t", "SELECT a , b FROM t"),
        ("SELECT 'never closed FROM t", "SELECT ?"),
        ("SELECT a FROM t WHERE b = 'x\n\ty'  AND  c", "SELECT a FROM t WHERE b = ? AND c"),
        ("SELECT a::int4, b[1], ARRAY['secret'], ARRAY[x1]", "SELECT a::int4, b[?], ARRAY[?], ARRAY[x1]"),
        ("SELECT $1, :name, %(name)s, %s, ?, @name", "SELECT $1, :name, %(name)s, %s, ?, @name"),
        ('SELECT "Orders"."a b" FROM "Orders"', 'SELECT "Orders"."a b" FROM "Orders"'),
        ("SELECT 1 WHERE a IN ($1, $2, $3) AND b in (4, 5)", "SELECT ? WHERE a IN (...) AND b IN (...)"),
        ("INSERT INTO t VALUES ($1, 'a'), ($2, 'b'), ($3, 'c')", "INSERT INTO t VALUES ($1, ?), ..."),
        ("insert into t (a) values (1),(2) returning id", "insert into t (a) values (?), ... returning id"),
        ("INSERT INTO t VALUES (1, 'a') RETURNING id", "INSERT INTO t VALUES (?, ?) RETURNING id"),
    ],
)
def test_text_has_no_literals(statement: str, text: str) -> None:
    assert parse(statement, "postgresql").text == text


@pytest.mark.parametrize("system", ["mysql", "mariadb", "sqlite"])
def test_double_quotes_are_strings_where_they_may_be(system: str) -> None:
    assert parse('SELECT * FROM t WHERE name = "secret"', system).text == "SELECT * FROM t WHERE name = ?"


@pytest.mark.parametrize(
    ("statement", "summary"),
    [
        ('SELECT a FROM "T" WHERE a = 1', "SELECT"),
        ('INSERT INTO "T" (a) VALUES (1)', "INSERT"),
        ('CREATE INDEX "ix" ON "T" (a)', "CREATE INDEX"),
        ('SELECT a FROM t JOIN "T" ON true', "SELECT t"),
    ],
)
def test_what_follows_a_name_that_may_be_a_string_is_no_table(statement: str, summary: str) -> None:
    assert parse(statement, "sqlite").summary == summary


@pytest.mark.parametrize(
    ("system", "statement", "text"),
    [
        ("mysql", r"SELECT 'a\'secret', 1 FROM `t`", "SELECT ?, ? FROM `t`"),
        (
            "mysql",
            "SELECT a # secret '\n FROM `it's`, b WHERE c = 5--3",
            "SELECT a FROM `it's`, b WHERE c = ?--?",
        ),
        ("mysql", "/*!40101 SET a = 'secret' */", "SET a = ?"),
        # Values of settings need no quotes.
        (
            "postgresql",
            "SET my.token TO secret; SELECT a = b FROM t",
            "SET my.token TO ?; SELECT a = b FROM t",
        ),
        ("postgresql", "SET SESSION my.token = secret.more, secret", "SET SESSION my.token = ?.?, ?"),
        ("postgresql", "ALTER ROLE bot SET my.token TO secret", "ALTER ROLE bot SET my.token TO ?"),
        ("postgresql", "ALTER TABLE t RENAME TO u", "ALTER TABLE t RENAME TO u"),
        ("postgresql", "UPDATE t SET a = b, c = d", "UPDATE t SET a = b, c = d"),
        ("postgresql", "SET a TO DEFAULT", "SET a TO DEFAULT"),
        ("mariadb", "SET STATEMENT a = 1 FOR SELECT b FROM t", "SET STATEMENT a = ? FOR SELECT b FROM t"),
        ("sqlite", "PRAGMA rekey = secret", "PRAGMA rekey = ?"),
        ("sqlite", "PRAGMA key(secret)", "PRAGMA key(?)"),
        ("microsoft.sql_server", "SELECT $4711.00", "SELECT $?"),
        ("mysql", "SELECT /*+ secret */ a /* b /* c */ FROM t", "SELECT a FROM t"),
        ("mariadb", "SELECT /*M!100100 a, 'secret' */ FROM t", "SELECT a, ? FROM t"),
        ("postgresql", "SELECT a /* 1 /* 2 /* 3 'x */ */ */ FROM t", "SELECT a FROM t"),
        ("postgresql", "SELECT E'a' -- b\n '\\'secret' FROM t", "SELECT ? FROM t"),
        ("postgresql", "SELECT 'C:\\', a #>> '{secret}' FROM t", "SELECT ?, a #>> ? FROM t"),
        ("oracle.db", "SELECT q'[it's]', nq'!a'b!' FROM dual", "SELECT ?, ? FROM dual"),
        ("oracle.db", "CREATE USER bot IDENTIFIED BY secret", "CREATE USER bot IDENTIFIED BY ?"),
        ("clickhouse", "INSERT INTO t FORMAT CSV 'secret',secret", "INSERT INTO t FORMAT CSV?"),
        ("clickhouse", r"SELECT 'a\'secret' FROM `a\`b`", r"SELECT ? FROM `a\`b`"),
        ("snowflake", r"SELECT 'a\'secret', $$secret$$ // secret", "SELECT ?, ?"),
        ("bigquery", "SELECT '''it's''', r'it\\'s', \"secret\" FROM `t`", "SELECT ?, ?, ? FROM `t`"),
        ("microsoft.sql_server", "SELECT [it's], N'secret' FROM #tmp", "SELECT [it's], ? FROM #tmp"),
        ("a new one", r"SELECT 'C:\', 'secret' FROM t", "SELECT ?"),
    ],
)
def test_every_database_writes_in_its_own_way(system: str, statement: str, text: str) -> None:
    assert parse(statement, system).text == text


@pytest.mark.parametrize(
    ("statement", "operation", "summary"),
    [
        ("select * from orders", "SELECT", "SELECT orders"),
        ("SELECT * FROM a JOIN public.b ON true LEFT JOIN ONLY c", "SELECT", "SELECT a public.b c"),
        ("SELECT extract(epoch FROM at), x IS DISTINCT FROM y FROM orders", "SELECT", "SELECT orders"),
        ("SELECT * FROM generate_series(1, 5)", "SELECT", "SELECT"),
        (
            "SELECT (SELECT sum(a) FROM positions), (SELECT count(*) FROM orders)",
            "SELECT",
            "SELECT positions SELECT orders",
        ),
        ("SELECT * FROM (SELECT id FROM inner_t) AS s", "SELECT", "SELECT inner_t"),
        ("SELECT id FROM orders FOR NO KEY UPDATE", "SELECT", "SELECT orders"),
        ("WITH w AS (SELECT * FROM x) UPDATE bots SET a = 1 FROM w", "UPDATE", "SELECT x UPDATE bots"),
        ("INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET a = 1", "INSERT", "INSERT t"),
        ("INSERT INTO t SELECT * FROM u", "INSERT", "INSERT t SELECT u"),
        ("ALTER TABLE t UPDATE a = 1 WHERE b", "ALTER", "ALTER TABLE t"),
        ("INSERT INTO t FROM INFILE 'a' FORMAT CSV", "INSERT", "INSERT t"),
        ("UPDATE ONLY t SET a = 1", "UPDATE", "UPDATE t"),
        ("DELETE FROM t USING u", "DELETE", "DELETE t u"),
        ('COPY "public"."fills"("a") FROM STDIN', "COPY", "COPY public.fills"),
        ("CREATE TABLE IF NOT EXISTS foo (id int)", "CREATE", "CREATE TABLE foo"),
        ("DROP INDEX CONCURRENTLY foo", "DROP", "DROP INDEX foo"),
        ("BEGIN ISOLATION LEVEL SERIALIZABLE", "BEGIN", "BEGIN"),
        ("/* comment */ COMMIT; SELECT * FROM t", "COMMIT", "COMMIT"),
        ("(SELECT a FROM t) UNION (SELECT b FROM u)", "SELECT", "SELECT t SELECT u"),
        ("((SELECT a FROM t)) UNION ((SELECT b FROM u))", "SELECT", "SELECT t SELECT u"),
        ("SELECT * FROM ((SELECT a FROM t)) s", "SELECT", "SELECT t"),
        ("WITH RECURSIVE c(a, b) AS (SELECT 1, x FROM t) SELECT * FROM c", "SELECT", "SELECT t SELECT"),
        (
            "WITH c AS (SELECT 1), d(a) AS NOT MATERIALIZED (SELECT * FROM c) DELETE FROM t USING d",
            "DELETE",
            "SELECT DELETE t",
        ),
        ("SELECT * FROM (WITH c AS (SELECT * FROM t) SELECT * FROM c) s", "SELECT", "SELECT t SELECT"),
        ("SELECT a::timestamp WITH TIME ZONE FROM t AS x", "SELECT", "SELECT t"),
        ("SELECT a, b FROM t, u AS v, w x WHERE a IN (1, 2) ORDER BY c, d", "SELECT", "SELECT t u w"),
        ("UPDATE t SET a = 1, b = 2 FROM u, v", "UPDATE", "UPDATE t u v"),
        ("SELECT * FROM settings, windows", "SELECT", "SELECT settings windows"),
        ("GRANT UPDATE ON t TO u", "GRANT", "GRANT UPDATE"),
        ("FETCH 100 FROM cur_7f3a", "FETCH", "FETCH"),
        ("MOVE FORWARD 5 IN cur_7f3a", "MOVE", "MOVE"),
        ("DECLARE cur_7f3a CURSOR FOR SELECT * FROM t", "DECLARE", "DECLARE SELECT t"),
        ("PREPARE stmt_7f3a AS SELECT * FROM t", "PREPARE", "PREPARE SELECT t"),
        ("EXECUTE stmt_7f3a (1)", "EXECUTE", "EXECUTE"),
        ("SAVEPOINT sa_savepoint_1", "SAVEPOINT", "SAVEPOINT"),
        ("ROLLBACK TO SAVEPOINT sa_savepoint_1", "ROLLBACK", "ROLLBACK"),
        ("LISTEN channel_7f3a", "LISTEN", "LISTEN"),
        ("NOTIFY channel_7f3a, 'x'", "NOTIFY", "NOTIFY"),
        ("hunter2 is no command", "", ""),
        ("", "", ""),
    ],
)
def test_operation_and_summary(statement: str, operation: str, summary: str) -> None:
    parsed = parse(statement, "postgresql")
    assert (parsed.operation, parsed.summary) == (operation, summary)


def test_what_is_no_text_says_nothing() -> None:
    assert parse(None, "postgresql").text == ""


CANARY = "canary4711canary"
LITERALS = [
    f"'{CANARY}'",
    f"'it''s {CANARY}'",
    f"$${CANARY}$$",
    f"$q${CANARY}$q$",
    f"E'\\'{CANARY}'",
    f"-- {CANARY}\n",
]
PIECES = st.sampled_from(
    [
        *LITERALS,
        f"/* {CANARY} */",
        "SELECT",
        "a",
        '"b"',
        "(",
        ")",
        ",",
        "1.5",
        "$1",
        "FROM t",
        "=",
        ";",
        "::int",
        "\n",
    ]
)


@given(st.lists(PIECES, max_size=12))
def test_no_combination_of_literals_lets_one_through(pieces: list[str]) -> None:
    parsed = parse(" ".join(pieces), "postgresql")
    assert CANARY not in parsed.text + parsed.operation + parsed.summary


@given(st.text(max_size=200), st.sampled_from(["postgresql", "mysql"]))
def test_no_text_raises(statement: str, system: str) -> None:
    parse(statement, system)


@pytest.mark.parametrize("piece", ["'", "$a$", "/*", "(", "IN ($1", "VALUES (1),", "1", '"', "a.", "-"])
def test_no_text_takes_long(piece: str) -> None:
    def seconds(length: int) -> float:
        statement = "SELECT " + piece * (length // len(piece))
        started = time.process_time()
        parse(statement, "postgresql")
        return time.process_time() - started

    # Four times the text may take about four times as long; what backtracks takes sixteen times and more.
    assert seconds(4000) < 12 * max(seconds(1000), 0.002)
