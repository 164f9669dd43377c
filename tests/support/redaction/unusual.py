r"""Secrets where nobody expects them: what other languages, protocols, shells and tools write of them.

Written by hand, after the rules were: how much of it they found at first stands in docs/redaction.md. `@v` is the secret, and
the letters say which kinds stand there: a password `p`, a key of 64 letters and digits `k`, one of 64 hexadecimal digits `h`, a
UUID `u`, base64 of 32 bytes `b`, a web token `j`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

_VALUES = {
    "p": ("Tr4der-9fox!", "hunter2042", "kW7mPz3Q"),
    "k": (
        "q7Lw2Zx9VbN4mKj8HgF5dSa3PoI6uYt1RezWxCvBnM0LkJhGfDsAqPwOeIrUtY2Z",
        "Gx3vT8nQ5bL1kZ7mR4wY9cJ2hF6dS0aPpOoIiUuYyTtRrEeWwQqLlKkJjHhGgFf8",
    ),
    "h": (
        "3f9c1a7be04d5286c7f01b9ade3547281cfb60a9d8e73f4251ba0c96df7e8a43",
        "b81e5d0c9f2a47368e1d7bc405fa9236d7c8013be4a95f62107cd8ea3b49f15c",
    ),
    "u": ("9b2d7e41-3c5f-4a86-b0d7-1e5a9c3f7b28", "5e8f1c3a-7d42-4b96-8a0e-d3c6b1f97254"),
    "b": ("mQ3xV8zL1nK7bW5jR2yT9cH4gF6dS0aPoIuYtReWqAs=", "Zx9CvB3nM7kL1jH5gF8dS2aQ6wE4rT0yUiOpLkJhGfD="),
    "j": (
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ0cmFkZXIiLCJpYXQiOjE3fQ.4vT8nQ5bL1kZ7mR4wY9cJ2hF6dS0aPpOoIiUuYyTtRr",
        "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJkZXNrIn0.Gx3vT8nQ5bL1kZ7mR4wY9cJ2hF6dS0aPpOoIiUuYyTt",
    ),
}  # fmt: skip

#: A name, the kinds, and the text.
CARRIERS: list[tuple[str, str, str]] = [
    # How other languages print a value.
    ("go struct", "pk", "login failed: {Exchange:okx Secret:@v Sandbox:false}"),
    ("go map", "pk", "config map[exchange:okx api_secret:@v sandbox:false]"),
    ("go struct with types", "pk", 'main.Creds{Exchange:"okx", ApiSecret:"@v"}'),
    ("rust struct", "pk", 'Credentials { exchange: "okx", api_secret: "@v", sandbox: false }'),
    ("rust option", "pk", 'Credentials { exchange: "okx", api_secret: Some("@v") }'),
    ("rust secret string", "k", 'Credentials { api_key: ApiKey("@v") }'),
    ("java record", "pk", "Credentials[exchange=okx, apiSecret=@v, sandbox=false]"),
    ("kotlin data class", "pk", "Credentials(exchange=okx, apiSecret=@v, sandbox=false)"),
    ("java to string", "pk", "Credentials{exchange='okx', apiSecret='@v'}"),
    ("c# record", "pk", "Credentials { Exchange = okx, ApiSecret = @v, Sandbox = False }"),
    ("ruby object", "pk", '#<Client:0x00007f @exchange="okx", @api_secret="@v">'),
    ("ruby hash", "pk", '{:exchange=>"okx", :api_secret=>"@v"}'),
    ("ruby's new hash", "pk", '{exchange: "okx", api_secret: "@v"}'),
    ("php dump", "pk", 'array(1) {\n  ["api_secret"]=>\n  string(12) "@v"\n}'),
    ("php print", "pk", "Array\n(\n    [exchange] => okx\n    [api_secret] => @v\n)"),
    ("perl dump", "pk", "$VAR1 = {\n  'api_secret' => '@v'\n};"),
    ("erlang tuple", "pk", '{api_secret,<<"@v">>}'),
    ("elixir map", "pk", '%{exchange: "okx", api_secret: "@v"}'),
    ("clojure map", "pk", '{:exchange "okx", :api-secret "@v"}'),
    ("haskell record", "pk", 'Credentials {exchange = "okx", apiSecret = "@v"}'),
    ("node inspect", "pk", "{ exchange: 'okx', apiSecret: '@v', sandbox: false }"),
    ("swift dump", "pk", "▿ Credentials\n  - exchange: \"okx\"\n  - apiSecret: \"@v\""),
    ("json with names of no quotes", "pk", "{exchange:'okx',apiSecret:'@v'}"),
    ("python namespace", "pk", "Namespace(exchange='okx', api_secret='@v', dry_run=True)"),
    ("python environ", "pk", "environ({'HOME': '/root', 'API_SECRET': '@v'})"),
    ("python ordered dict", "pk", "OrderedDict([('exchange', 'okx'), ('api_secret', '@v')])"),
    ("python locals", "pk", "    api_secret = '@v'\n    exchange   = 'okx'"),
    ("python locals in a box", "pk", "│ api_secret = '@v'                       │"),
    ("python default dict", "pk", "defaultdict(<class 'str'>, {'api_secret': '@v'})"),
    ("python f-string with its name", "pk", "api_secret='@v' exchange='okx'"),
    ("python bytes with its name", "pk", "self.api_secret=b'@v'"),
    ("python command error", "k", "Command '['curl', '-H', 'X-MBX-APIKEY: @v', 'https://api.binance.com']' returned non-zero exit status 22"),
    # Protocols.
    ("aws signature", "h", "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=@v"),
    ("presigned address", "h", "GET https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature=@v failed"),
    ("shared access signature", "b", "https://a.blob.core.windows.net/c/b?sv=2024-01-01&se=2026&sig=@v"),
    ("fix logon", "p", "8=FIX.4.4|9=120|35=A|49=DESK|553=trader|554=@v|10=001|"),
    ("websocket login", "pk", '> {"op":"login","args":[{"apiKey":"x","passphrase":"@v","timestamp":"1"}]}'),
    ("json rpc login", "pk", '{"jsonrpc":"2.0","method":"public/auth","params":{"grant_type":"client_credentials","client_id":"d","client_secret":"@v"}}'),
    ("graphql variables", "pk", 'mutation($s: String!){login(secret:$s)} variables={"s": 1, "secret": "@v"}'),
    ("graphql literal", "pk", 'mutation { login(user: "bot", password: "@v") { token } }'),
    ("multipart form", "pk", '--X\r\nContent-Disposition: form-data; name="api_secret"\r\n\r\n@v\r\n--X--'),
    ("soap", "pk", "<wsse:UsernameToken><wsse:Password Type=\"x\">@v</wsse:Password></wsse:UsernameToken>"),
    ("xml attribute", "pk", '<account user="bot" password="@v" depth="3"/>'),
    ("protobuf text", "pk", 'exchange: "okx"\napi_secret: "@v"\nsandbox: true'),
    ("grpc metadata", "kj", "metadata=(('x-api-key', '@v'), ('user-agent', 'grpc'))"),
    ("grpc authorization", "kj", "_Metadatum(key='authorization', value='Bearer @v')"),
    ("http 2 header", "kj", ":method: GET\n:path: /v1\nx-api-key: @v"),
    ("curl header", "kj", "+ curl -sS -H 'Authorization: Bearer @v' https://api.example.com"),
    ("curl trace", "k", "=> Send header\n0000: KC-API-KEY: @v"),
    ("digest header", "h", 'Authorization: Digest username="bot", realm="x", nonce="abc", response="@v"'),
    ("smtp login", "b", "C: AUTH PLAIN @v"),
    ("ftp login", "p", "C: USER bot\nC: PASS @v"),
    ("imap login", "p", "a1 LOGIN bot @v"),
    ("redis command", "pk", "1700000000.1 [0 127.0.0.1:50000] \"AUTH\" \"@v\""),
    ("redis command with user", "pk", 'AUTH bot @v'),
    ("kafka jaas", "pk", 'sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="bot" password="@v";'),
    ("kafka client", "pk", "{'bootstrap.servers': 'k:9092', 'sasl.password': '@v'}"),
    ("mqtt", "p", "connect(username='bot', password='@v', keepalive=60)"),
    ("ldap bind", "p", "bind_dn=cn=bot,dc=x bind_password=@v"),
    ("otpauth address", "k", "otpauth://totp/desk:bot?secret=@v&issuer=desk"),
    ("json web key", "k", '{"kty":"oct","kid":"1","k":"@v","alg":"HS256"}'),
    # Addresses.
    ("jdbc address", "pk", "jdbc:postgresql://db:5432/bots?user=bot&password=@v"),
    ("jdbc of sql server", "pk", "jdbc:sqlserver://db:1433;databaseName=bots;user=bot;password=@v;encrypt=true"),
    ("mongo address", "pk", "mongodb+srv://bot:@v@cluster0.abcde.mongodb.net/bots"),
    ("git remote", "k", "fatal: unable to access 'https://oauth2:@v@git.example.com/desk/bots.git/'"),
    ("pip index", "pk", "Looking in indexes: https://bot:@v@packages.example.com/simple"),
    ("npm registry", "ku", "//registry.example.com/:_authToken=@v"),
    ("address in an address", "pk", "https://proxy.example.com/?url=https%3A%2F%2Fbot%3A@v%40db.example.com%2Fx"),
    ("telegram error", "k", "HTTP 404: https://api.telegram.org/bot123456789:@v/getMe"),
    ("database address in quotes", "pk", "create_engine('mysql+pymysql://bot:@v@db/bots?charset=utf8mb4')"),
    ("dsn of words", "pk", "dbname=bots user=bot password=@v host=db port=5432 sslmode=require"),
    ("dsn with spaces", "pk", "Data Source=db;User ID=bot;Password=@v;Encrypt=True"),
    # Files.
    ("netrc", "p", "machine api.example.com login bot password @v"),
    ("pgpass", "p", "db:5432:bots:bot:@v"),
    ("properties file", "pk", "exchange.okx.secret=@v\nexchange.okx.sandbox=true"),
    ("properties with a colon", "pk", "exchange.okx.secret : @v"),
    ("ini file", "pk", "[okx]\napi_secret = @v\nsandbox = 1"),
    ("aws credentials", "k", "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = @v"),
    ("yaml block", "pk", "okx:\n  api_secret: |\n    @v\n  sandbox: true"),
    ("yaml folded", "pk", "okx:\n  api_secret: >-\n    @v\n"),
    ("yaml in one line", "pk", "okx: {api_secret: @v, sandbox: true}"),
    ("kubernetes environment", "pk", "    - name: API_SECRET\n      value: @v\n    - name: LEVEL\n      value: info"),
    ("kubernetes environment in json", "pk", '{"env":[{"name":"API_SECRET","value":"@v"}]}'),
    ("container's environment", "pk", '"Env": ["PATH=/bin", "API_SECRET=@v"]'),
    ("compose file", "pk", "environment:\n  - API_SECRET=@v\n  - LEVEL=info"),
    ("docker run", "pk", "docker run -e API_SECRET=@v -e LEVEL=info bots"),
    ("dockerfile", "pk", "ENV API_SECRET @v"),
    ("systemd unit", "pk", 'Environment="API_SECRET=@v" "LEVEL=info"'),
    ("terraform", "pk", 'resource "x" "y" {\n  password = "@v"\n}'),
    ("terraform plan", "pk", '  ~ password = "old" -> "@v"'),
    ("ansible", "pk", "ok: [db] => (item={'user': 'bot', 'password': '@v'})"),
    ("helm values", "pk", "--set okx.apiSecret=@v,okx.sandbox=true"),
    ("csv", "k", "exchange,api_key,note\nokx,@v,main"),
    ("markdown table", "pk", "| name | value |\n|---|---|\n| api_secret | @v |"),
    ("table of vault", "pk", "Key             Value\n---             -----\napi_secret      @v"),
    ("table with bars", "pk", "│ api_secret │ @v │"),
    # Shells.
    ("shell trace", "pk", "+ API_SECRET=@v\n+ ./bot"),
    ("shell with quotes", "pk", "export API_SECRET=$'@v'"),
    ("fish", "pk", "set -x API_SECRET @v"),
    ("windows shell", "pk", "set API_SECRET=@v"),
    ("powershell", "pk", '$env:API_SECRET = "@v"'),
    ("powershell argument", "pk", "Connect-Exchange -Name okx -ApiSecret @v -Sandbox"),
    ("psql", "p", "PGPASSWORD=@v psql -h db -U bot bots"),
    ("mysql", "p", "mysql -h db -u bot --password=@v bots"),
    ("redis-cli", "pk", "redis-cli -h cache -a @v ping"),
    ("sshpass", "p", "sshpass -p @v ssh bot@db"),
    ("openssl", "p", "openssl rsa -in k.pem -passin pass:@v"),
    ("docker login", "pk", "docker login -u bot -p @v registry.example.com"),
    ("kubectl", "j", "kubectl --token=@v get pods"),
    ("list of arguments", "pk", "['./bot', '--api-secret', '@v', '--dry-run']"),
    ("arguments in json", "pk", '{"args": ["./bot", "--api-secret", "@v"]}'),
    ("process list", "pk", "bot  4711  0.0  python bot.py --exchange okx --api-secret @v"),
    # Logs of others.
    ("logfmt", "pk", 'level=info msg="logged in" api_secret=@v exchange=okx'),
    ("logfmt with quotes", "pk", 'level=info api_secret="@v" exchange=okx'),
    ("access log", "k", '10.0.0.1 - - [29/Nov/2026:16:54:31 +0000] "GET /v1/ws?token=@v HTTP/1.1" 101 0'),
    ("proxy log", "kj", '{"request":{"headers":{"X-Api-Key":["@v"],"Accept":["*/*"]}}}'),
    ("envoy log", "kj", "':path', '/v1'\n'x-api-key', '@v'\n'accept', '*/*'"),
    ("nginx error", "j", 'upstream sent error, request: "GET /cb?access_token=@v&x=1 HTTP/1.1", host: "a"'),
    ("postgres log", "p", "STATEMENT:  CREATE USER bot WITH ENCRYPTED PASSWORD '@v';"),
    ("mysql log", "p", "42 Query\tCREATE USER 'bot'@'%' IDENTIFIED BY '@v'"),
    ("sqlite trace", "pk", "INSERT INTO keys(exchange, secret) VALUES('okx', '@v') secret='@v'"),
    ("diff", "pk", "-api_secret = old\n+api_secret = @v"),
    ("escaped for a shell", "pk", "sh -c 'API_SECRET=\\'@v\\' ./bot'"),
    ("escaped for html", "pk", "&lt;input name=&quot;api_secret&quot; value=&quot;@v&quot;&gt;"),
    ("html field", "pk", '<input type="hidden" name="api_secret" value="@v">'),
    ("javascript assignment", "pk", 'window.config.apiSecret="@v";'),
    ("cookie of the browser", "kj", "document.cookie='session=@v; path=/'"),
    ("sentence", "k", "the secret for okx is @v, please rotate it"),
    ("sentence with a password", "p", "wrong password: '@v'"),
    ("sentence of another language", "p", "Passwort: @v (falsch)"),
    ("question", "p", "did you mean password=@v?"),
    ("emoji", "pk", "🔑 api_secret → @v"),
    # A second time, by hand again: 360 carriers, and 173 of the same kinds after the rules that those lacked.
    ("pgpass of any host", "p", "*:*:*:postgres:@v"),
    ("pgpass in lines", "p", "10.0.0.12:5432:*:readonly:@v\ndb2:5432:trading:bot:@v\n"),
    ("row", "p", "INSERT INTO credentials (exchange, secret) VALUES ('binance', '@v')"),
    ("row of small letters", "p", "insert into keys values (1, 'okx', '@v');"),
    ("rows in lines", "p", 'INSERT INTO "keys" ("id", "secret")\nVALUES\n(1, \'a\'),\n(2, \'@v\')'),
    ("row of a merge", "p", "WHEN NOT MATCHED THEN INSERT (a) VALUES ('@v')"),
    ("argument of a statement", "p", "SELECT pgp_sym_decrypt(secret, '@v') FROM accounts"),
    ("oracle's user", "p", "ALTER USER bot IDENTIFIED BY @v"),
    ("mysql", "p", "mysql -h db -u bot -p@v bots"),
    ("mongosh", "p", "mongosh --host db -u bot -p @v"),
    ("sqlplus", "p", "sqlplus bot/@v@db"),
    ("login without a scheme", "p", "cannot connect to proxy bot:@v@proxy:3128"),
    ("go's address of mysql", "p", "dsn=bot:@v@tcp(db:3306)/bots"),
    ("oracle's address", "p", "bot/@v@//db:1521/ORCL"),
    ("host without a scheme", "h", "mainnet.infura.io/v3/@v timed out"),
    ("argument", "h", "Account.from_key('0x@v')"),
    ("owner between", "p", "password for bot-7 is @v"),
    ("key that begins with a digit", "u", "api key @v expired"),
    ("bar without blanks", "p", "passphrase|@v|"),
    ("russian", "p", "пароль=@v"),
    ("chinese", "p", "密码\uff1a@v"),
    ("spanish", "p", "contraseña: @v"),
    ("french", "p", "mot de passe : @v"),
]  # fmt: skip

#: Words of a mnemonic in ways that no list has them, and keys in forms of their own.
TEXTS: list[tuple[str, str, str]] = [
    ("mnemonic in lines", "\n".join(["ribbon", "gospel", "lunar", "cactus", "nephew", "orbit", "velvet", "tomato", "sphere", "walnut", "fiber", "pulse"]), "nephew\norbit\nvelvet"),
    ("numbered mnemonic", " ".join(f"{n}. {w}" for n, w in enumerate(["ribbon", "gospel", "lunar", "cactus", "nephew", "orbit", "velvet", "tomato", "sphere", "walnut", "fiber", "pulse"], 1)), "5. nephew 6. orbit"),
    ("mnemonic as a list", repr(["ribbon", "gospel", "lunar", "cactus", "nephew", "orbit", "velvet", "tomato", "sphere", "walnut", "fiber", "pulse"]), "'nephew', 'orbit', 'velvet'"),
    ("mnemonic as json", json.dumps({"words": ["ribbon", "gospel", "lunar", "cactus", "nephew", "orbit", "velvet", "tomato", "sphere", "walnut", "fiber", "pulse"]}), '"nephew", "orbit", "velvet"'),
    ("mnemonic in capitals", "RIBBON GOSPEL LUNAR CACTUS NEPHEW ORBIT VELVET TOMATO SPHERE WALNUT FIBER PULSE", "NEPHEW ORBIT VELVET"),
    ("mnemonic with dashes", "ribbon-gospel-lunar-cactus-nephew-orbit-velvet-tomato-sphere-walnut-fiber-pulse", "nephew-orbit-velvet"),
    ("mnemonic of a form", "ribbon+gospel+lunar+cactus+nephew+orbit+velvet+tomato+sphere+walnut+fiber+pulse&pin=1", "nephew+orbit+velvet"),
    ("mnemonic with arrows", "ribbon -> gospel -> lunar -> cactus -> nephew -> orbit -> velvet -> tomato -> sphere -> walnut -> fiber -> pulse", "nephew -> orbit -> velvet"),
    ("mnemonic of a page", "".join(f"<li>{w}</li>" for w in ["ribbon", "gospel", "lunar", "cactus", "nephew", "orbit", "velvet", "tomato", "sphere", "walnut", "fiber", "pulse"]), "nephew</li><li>orbit"),
    ("bytes of a key", f"keypair: {[(n * 167 + 89) % 256 for n in range(64)]}", str([(n * 167 + 89) % 256 for n in range(8, 16)])[1:-1]),
    ("bytes of a seed as go prints them", f"seed {[(n * 167 + 89) % 256 for n in range(32)]}".replace(",", ""), str([(n * 167 + 89) % 256 for n in range(8, 16)])[1:-1].replace(",", "")),
    ("pem of an address", "-----BEGIN%20PRIVATE%20KEY-----%0AMIIEvQIBADANBgkq%2BkiG9w0BAQEFAASCBKcwggSjAgEA%0A", "kiG9w0BAQEFAASCBKcw"),
    ("one-time password", "{'2fa': '425237'}", "425237"),
    ("one-time password of a sentence", "2FA code 425237 was refused", "425237"),
    ("mailchimp key", "mailchimp 3f9c1a7be04d5286c7f01b9ade354728-us6 is invalid", "3f9c1a7be04d5286"),
    ("pgp key", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBGRkZGQBCADHn3vT8nQ5bL1kZ7mR4wY9cJ2hF6dS0aPp\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----", "lQOYBGRkZGQBCADHn3"),
    ("pem in json", json.dumps({"k": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEA\n-----END PRIVATE KEY-----\n"}), "MIIEvQIBADANBgkqhk"),
    ("pem in one line", "PRIVATE_KEY=-----BEGIN EC PRIVATE KEY----- MHcCAQEEIIglTcOqM0bLqZ2kNl1bW4o0bXo2q8Z1gk3u -----END EC PRIVATE KEY-----", "MHcCAQEEIIglTcOqM0"),
    ("putty key", "PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\nAAAAIGx3vT8nQ5bL1kZ7mR4wY9cJ2hF6dS0aPpOoIiUuYyTt\nPrivate-MAC: 3f9c1a7be04d5286c7f01b9ade354728", "AAAAIGx3vT8nQ5bL1k"),
]  # fmt: skip


#: What is missed.
MISSED: set[str] = set()


def cases() -> Iterator[tuple[str, str, str]]:
    """Each case: its name, the text, and what must not be in it any more."""
    for name, kinds, text in CARRIERS:
        for number, kind in enumerate(kinds):
            values = _VALUES[kind]
            value = values[(len(name) + number) % len(values)]
            yield f"{name}, {kind}", text.replace("@v", value), value
    yield from TEXTS
