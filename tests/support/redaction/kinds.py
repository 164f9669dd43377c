"""Kinds of secrets, each with the names under which services keep it.

Lengths and alphabets of exchanges' keys are those of the credentials that the exchanges issue, as their API documents and
ccxt's `requiredCredentials` and `sign()` show them. Formats of cloud and developer tokens are those of GitHub's list of
secret scanning patterns and of gitleaks' default configuration. Mnemonics are BIP-39, extended keys BIP-32.
"""

from __future__ import annotations

import base64
import string
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from uuid import UUID

from mnemonic import Mnemonic

Make = Callable[[Random], str]

ALNUM = string.ascii_letters + string.digits
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
HEX = "0123456789abcdef"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BASE32 = string.ascii_uppercase + "234567"
URLSAFE = ALNUM + "-_"

KEY = (
    "apiKey",
    "api_key",
    "X-MBX-APIKEY",
    "OK-ACCESS-KEY",
    "xt-validate-appkey",
    "accesskey",
    "KC-API-KEY",
    "BINANCE_KEY",
)
SECRET = (
    "secret",
    "api_secret",
    "clientsecret",
    "BINANCE_SECRET_PROD",
    "secretKey",
    "apiSecret",
    "APCA-API-SECRET-KEY",
)
PASSWORD = (
    "password",
    "PGPASSWORD",
    "dbpassword",
    "DB_PASS",
    "passphrase",
    "OK-ACCESS-PASSPHRASE",
    "smtp_password",
)
TOKEN = (
    "access_token",
    "accesstoken",
    "auth_token",
    "refreshToken",
    "bot_token",
    "sessionToken",
    "x-phemex-access-token",
)
PRIVATE = ("private_key", "privateKey", "walletPrivateKey", "PRIVATE_KEY", "signing_key")
SIGN = ("signature", "sign", "X-BAPI-SIGN", "OK-ACCESS-SIGN", "sig", "API-Sign", "x-phemex-request-signature")
PHRASE = ("mnemonic", "seed_phrase", "secretphrase", "recovery_phrase", "MNEMONIC", "seed")


@dataclass(frozen=True)
class Kind:
    """A kind of secret.

    Attributes:
        make: Makes one of it.
        names: Under which it is kept.
        bare: Whether it can be told from harmless texts without a name beside it.
        held_out: Whether no rule was written by looking at it.
    """

    name: str
    make: Make
    names: tuple[str, ...]
    bare: bool = False

    @property
    def held_out(self) -> bool:
        return zlib.crc32(self.name.encode()) % 3 == 0


def chars(alphabet: str, length: int, prefix: str = "", suffix: str = "") -> Make:
    """Random characters."""
    return lambda random: prefix + "".join(random.choices(alphabet, k=length)) + suffix


def b64(size: int, urlsafe: bool = False, prefix: str = "") -> Make:
    """Random bytes in base64."""
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode

    def make(random: Random) -> str:
        text = encode(random.randbytes(size)).decode()
        return prefix + (text.rstrip("=") if urlsafe else text)

    return make


def uuid(random: Random) -> str:
    return str(UUID(bytes=random.randbytes(16), version=4))


def password(random: Random) -> str:
    """As people and generators make them: at least 8 characters with a digit."""
    style = random.randrange(3)
    if style == 0:
        return (
            random.choice(("hunter", "sommer", "Trader", "dragon"))
            + str(random.randrange(10, 9999))
            + random.choice("!$-_.")
        )
    if style == 1:
        return (
            "-".join(random.choices(("copper", "horse", "battery", "staple"), k=2))
            + f"-{random.randrange(10)}"
        )
    letters = random.choices(ALNUM + "!$%*+-.^_~,", k=random.randrange(10, 24))
    return "a" + "".join(letters) + "7"


def jwt(random: Random) -> str:
    header = base64.urlsafe_b64encode(b'{"alg":"HS256"}').decode().rstrip("=")
    claims = base64.urlsafe_b64encode(f'{{"sub":"{random.randrange(10**9)}"}}'.encode()).decode().rstrip("=")
    return f"{header}.{claims}.{b64(32, True)(random)}"


def pem(label: str, size: int) -> Make:
    def make(random: Random) -> str:
        body = base64.b64encode(random.randbytes(size)).decode()
        lines = "\n".join(body[start : start + 64] for start in range(0, len(body), 64))
        return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----"

    return make


def mnemonic(language: str, words: int) -> Make:
    lists = Mnemonic(language).wordlist
    return lambda random: " ".join(random.choices(lists, k=words))


def joined(*makes: Make, by: str = "") -> Make:
    return lambda random: by.join(make(random) for make in makes)


def _huobi(random: Random) -> str:
    return "-".join(chars(HEX, size)(random) for size in (8, 8, 8, 5))


EXCHANGES = [
    Kind("binance key", chars(ALNUM, 64), KEY, True),
    Kind("binance secret", chars(ALNUM, 64), SECRET, True),
    Kind("bybit key", chars(ALNUM, 18), KEY),
    Kind("bybit secret", chars(ALNUM, 36), SECRET, True),
    Kind("okx key", uuid, KEY),
    Kind("okx secret", chars(HEX.upper(), 32), SECRET),
    Kind("okx passphrase", password, ("passphrase", "OK-ACCESS-PASSPHRASE", "KC-API-PASSPHRASE")),
    Kind("kucoin key", chars(HEX, 24), KEY),
    Kind("kucoin secret", uuid, SECRET),
    Kind("kraken key", b64(42), KEY, True),
    Kind("kraken secret", b64(64), SECRET, True),
    Kind("bitget key", chars(HEX, 32, "bg_"), KEY, True),
    Kind("bitget secret", chars(HEX, 64), SECRET, True),
    Kind("gate key", chars(HEX, 32), KEY),
    Kind("gate secret", chars(HEX, 64), SECRET, True),
    Kind("bitfinex key", chars(ALNUM, 43), KEY, True),
    Kind("coinbase secret", b64(64), SECRET, True),
    Kind("deribit secret", b64(32, True), SECRET, True),
    Kind("bitmex id", chars(URLSAFE, 24, "a7"), KEY),
    Kind("bitmex secret", chars(URLSAFE, 48), SECRET, True),
    Kind("huobi key", _huobi, KEY),
    Kind("huobi secret", _huobi, SECRET),
    Kind("mexc key", chars(ALNUM, 12, "mx0vgl"), KEY, True),
    Kind("mexc secret", chars(HEX, 32), SECRET),
    Kind("phemex secret", b64(64, True), SECRET, True),
    Kind("gemini key", chars(ALNUM, 20, "account-"), KEY),
    Kind("gemini secret", chars(BASE58, 28), SECRET),
    Kind("bitstamp key", chars(ALNUM, 32), KEY, True),
    Kind("upbit key", chars(ALNUM, 40), KEY, True),
    Kind("bithumb key", chars(LOWER, 50), KEY, True),
    Kind("coinone secret", uuid, SECRET),
    Kind("bitmart memo", chars(ALNUM, 12, "m1"), ("passphrase", "api_passphrase")),
    Kind("listen key", chars(ALNUM, 60, "pq"), ("listenKey", "listen_key"), True),
    Kind("client secret", chars(URLSAFE, 32, "a1"), ("client_secret", "CLIENT_SECRET", "clientSecret")),
    Kind("short key", chars(LOWER, 10, "k7"), KEY),
]
SIGNATURES = [
    Kind("sha256 signature", chars(HEX, 64), SIGN, True),
    Kind("sha512 signature", chars(HEX, 128), SIGN, True),
    Kind("sha384 signature", chars(HEX, 96), SIGN, True),
    Kind("base64 signature", b64(32), SIGN, True),
    Kind("long base64 signature", b64(64), SIGN, True),
    Kind("md5 signature", chars(HEX, 32), SIGN),
    Kind("upper md5 signature", chars(HEX.upper(), 32), SIGN),
    Kind("ethereum signature", chars(HEX, 130, "0x"), SIGN),
]
WALLETS = [
    Kind("ethereum private key", chars(HEX, 64, "0x"), PRIVATE),
    Kind("bare private key", chars(HEX, 64), PRIVATE, True),
    Kind("solana private key", chars(BASE58, 87, "2"), PRIVATE, True),
    Kind("wif", chars(BASE58, 51, "L"), PRIVATE, True),
    Kind("extended key", chars(BASE58, 104, "xprv9s2"), PRIVATE, True),
    Kind("mnemonic of 12", mnemonic("english", 12), PHRASE, True),
    Kind("mnemonic of 15", mnemonic("english", 15), PHRASE, True),
    Kind("mnemonic of 24", mnemonic("english", 24), PHRASE, True),
    Kind("spanish mnemonic", mnemonic("spanish", 12), PHRASE),
    Kind("italian mnemonic", mnemonic("italian", 18), PHRASE),
    Kind("french mnemonic", mnemonic("french", 21), PHRASE),
    Kind("japanese mnemonic", mnemonic("japanese", 12), PHRASE),
    Kind("chinese mnemonic", mnemonic("chinese_simplified", 24), PHRASE),
    Kind("korean mnemonic", mnemonic("korean", 12), PHRASE),
]
TOKENS = [
    Kind("jwt", jwt, TOKEN, True),
    Kind("ec key in pem", pem("EC PRIVATE KEY", 118), PRIVATE, True),
    Kind("rsa key in pem", pem("RSA PRIVATE KEY", 600), PRIVATE, True),
    Kind("pkcs8 key in pem", pem("PRIVATE KEY", 48), PRIVATE, True),
    Kind("openssh key in pem", pem("OPENSSH PRIVATE KEY", 300), PRIVATE, True),
    Kind("encrypted key in pem", pem("ENCRYPTED PRIVATE KEY", 200), PRIVATE, True),
    Kind("botobs token", b64(32, True), ("BOTOBS_TOKEN", "token", "bearer_token"), True),
    Kind("password", password, PASSWORD),
    Kind("pin", chars(string.digits, 6), ("pin", "otp", "twofa", "totp")),
    Kind("totp seed", chars(BASE32, 32), ("totp_secret", "otp_secret", "twofa")),
    Kind(
        "opaque token", chars(ALNUM, 30, "t4"), ("token", "auth", "session", "X-Auth-Token", "access_token")
    ),
    Kind("token of letters", chars(string.ascii_letters, 32), TOKEN),
    Kind("uuid token", uuid, (*TOKEN, "key")),
    Kind("opaque key", chars(ALNUM, 24, "a9"), ("key", "KEY", "Rest-Key", "X-COINEX-KEY", "bot_key")),
]
CLOUDS = [
    Kind("aws key id", chars(BASE32, 16, "AKIA"), ("aws_access_key_id", "AccessKeyId"), True),
    Kind("aws session key id", chars(BASE32, 16, "ASIA"), ("aws_access_key_id",), True),
    Kind("aws secret", b64(30), ("aws_secret_access_key", "SecretAccessKey"), True),
    Kind("github token", chars(ALNUM, 36, "ghp_"), TOKEN, True),
    Kind("github app token", chars(ALNUM, 36, "ghs_"), TOKEN, True),
    Kind("github fine token", joined(chars(ALNUM, 22, "github_pat_"), chars(ALNUM, 59), by="_"), TOKEN, True),
    Kind("gitlab token", chars(URLSAFE, 20, "glpat-"), TOKEN, True),
    Kind(
        "slack bot token",
        joined(chars(string.digits, 12, "xoxb-"), chars(string.digits, 12), chars(ALNUM, 24), by="-"),
        TOKEN,
        True,
    ),
    Kind(
        "slack app token",
        joined(lambda _: "xapp-1", chars(UPPER, 11, "A"), chars(string.digits, 13), chars(HEX, 64), by="-"),
        TOKEN,
        True,
    ),
    Kind("stripe key", chars(ALNUM, 24, "sk_live_"), KEY, True),
    Kind("stripe restricted key", chars(ALNUM, 24, "rk_live_"), KEY, True),
    Kind("stripe webhook secret", chars(ALNUM, 32, "whsec_"), SECRET, True),
    Kind("google key", chars(URLSAFE, 35, "AIza"), KEY, True),
    Kind("google oauth token", chars(URLSAFE, 100, "ya29."), TOKEN, True),
    Kind("google client secret", chars(URLSAFE, 28, "GOCSPX-"), SECRET, True),
    Kind("openai key", chars(URLSAFE, 48, "sk-proj-"), KEY, True),
    Kind("anthropic key", chars(URLSAFE, 93, "sk-ant-api03-"), KEY, True),
    Kind("npm token", chars(ALNUM, 36, "npm_"), TOKEN, True),
    Kind("pypi token", chars(URLSAFE, 85, "pypi-AgEIcHlwaS5vcmc"), TOKEN, True),
    Kind("hugging face token", chars(string.ascii_letters, 34, "hf_"), TOKEN, True),
    Kind("sendgrid key", joined(chars(URLSAFE, 22, "SG."), chars(URLSAFE, 43), by="."), KEY, True),
    Kind("digitalocean token", chars(HEX, 64, "dop_v1_"), TOKEN, True),
    Kind("shopify token", chars(HEX, 32, "shpat_"), TOKEN, True),
    Kind("mailgun key", chars(HEX, 32, "key-"), KEY, True),
    Kind("twilio key", chars(HEX, 32, "SK"), KEY, True),
    Kind(
        "telegram token", joined(chars(string.digits, 9, "1"), chars(URLSAFE, 32, "AAH"), by=":"), TOKEN, True
    ),
    Kind(
        "discord token",
        joined(chars(ALNUM, 23, "M"), chars(URLSAFE, 6), chars(URLSAFE, 27), by="."),
        TOKEN,
        True,
    ),
    Kind("azure storage key", b64(64), ("AccountKey", "azure_storage_key"), True),
    Kind("vault token", chars(URLSAFE, 95, "hvs."), TOKEN, True),
    Kind("databricks token", chars(HEX, 32, "dapi"), TOKEN, True),
    Kind("grafana token", joined(chars(ALNUM, 32, "glsa_"), chars(HEX, 8), by="_"), TOKEN, True),
    Kind("postman key", joined(chars(HEX, 24, "PMAK-"), chars(HEX, 34), by="-"), KEY, True),
    Kind("new relic key", chars(UPPER, 27, "NRAK-"), KEY, True),
    Kind("doppler token", chars(ALNUM, 43, "dp.pt."), TOKEN, True),
    Kind("linear key", chars(ALNUM, 40, "lin_api_"), KEY, True),
    Kind("docker token", chars(URLSAFE, 27, "dckr_pat_"), TOKEN, True),
    Kind("age key", chars("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58, "AGE-SECRET-KEY-1"), PRIVATE, True),
    Kind("planetscale token", chars(URLSAFE, 43, "pscale_tkn_"), TOKEN, True),
    Kind("atlassian token", chars(URLSAFE, 180, "ATATT3xFfGF0"), TOKEN, True),
    Kind("square token", chars(URLSAFE, 60, "EAAA"), TOKEN, True),
    Kind("etherscan key", chars(UPPER, 34), KEY),
    Kind("datadog key", chars(HEX, 32), ("DD_API_KEY", "datadog_api_key")),
]
#: Secrets that are told by where they stand in an address; `%s` is the secret.
ADDRESSES = {
    "slack webhook": ("https://hooks.slack.com/services/T0AB12CD3/B0EF45GH6/%s", chars(ALNUM, 24)),
    "slack webhook of letters": ("https://hooks.slack.com/services/TABCDEFGH/BABCDEFGH/%s", chars(string.ascii_letters, 24)),
    "discord webhook": ("https://discord.com/api/webhooks/1098765432109876543/%s", chars(URLSAFE, 68)),
    "telegram address": ("https://api.telegram.org/bot%s/sendMessage", joined(chars(string.digits, 10), chars(URLSAFE, 35), by=":")),
    "ifttt": ("https://maker.ifttt.com/trigger/filled/with/key/%s", chars(URLSAFE, 22)),
    "feishu": ("https://open.feishu.cn/open-apis/bot/v2/hook/%s", uuid),
    "lark": ("https://open.larksuite.com/open-apis/bot/v2/hook/%s", uuid),
    "alchemy": ("https://eth-mainnet.g.alchemy.com/v2/%s", chars(URLSAFE, 32)),
    "infura": ("https://mainnet.infura.io/v3/%s", chars(HEX, 32)),
    "infura websocket": ("wss://mainnet.infura.io/ws/v3/%s", chars(HEX, 32)),
    "quicknode": ("https://cold-red-dew.ethereum-mainnet.quiknode.pro/%s/", chars(HEX, 40)),
    "ankr": ("https://rpc.ankr.com/eth/%s", chars(HEX, 64)),
    "blast": ("https://eth-mainnet.blastapi.io/%s", uuid),
    "getblock": ("https://go.getblock.io/%s", chars(HEX, 32)),
    "chainstack": ("https://ethereum-mainnet.core.chainstack.com/%s", chars(HEX, 32)),
    "tenderly": ("https://mainnet.gateway.tenderly.co/%s", chars(ALNUM, 20)),
    "teams": ("https://acme.webhook.office.com/webhookb2/7f3c2a1e-5b8d-4c9e-9f10-2b3c4d5e6f70@7f3c2a1e-5b8d-4c9e-9f10-2b3c4d5e6f71/IncomingWebhook/%s/7f3c2a1e-5b8d-4c9e-9f10-2b3c4d5e6f72", chars(HEX, 32)),
    "zapier": ("https://hooks.zapier.com/hooks/catch/1234567/%s/", chars(LOWER, 7)),
    "mattermost": ("https://chat.example.com/hooks/%s", chars(LOWER, 26)),
    "pagerduty": ("https://events.pagerduty.com/integration/%s/enqueue", chars(HEX, 32)),
    "healthchecks": ("https://hc-ping.com/%s", uuid),
    "dead man's snitch": ("https://nosnch.in/%s", chars(HEX, 10)),
    "better uptime": ("https://uptime.betterstack.com/api/v1/heartbeat/%s", chars(ALNUM, 24)),
    "unknown webhook": ("https://alerts.example.org/webhook/%s", chars(URLSAFE, 24, "a1")),
    "unknown rpc": ("https://rpc.example.org/v1/%s", chars(HEX, 32)),
    "listen key of a stream": ("wss://stream.binance.com:9443/ws/%s", chars(ALNUM, 64)),
    "jwt in a path": ("https://api.example.com/verify/%s", jwt),
    "query": ("https://api.example.com/v1/order?symbol=BTCUSDT&k=%s", chars(ALNUM, 16)),
    "fragment": ("https://app.example.com/callback#access_token=%s", chars(ALNUM, 20)),
    "token as user": ("https://%s@api.example.com/v1", chars(ALNUM, 20)),
    "password of a database": ("postgresql+asyncpg://trader:%s@db:5432/bots", chars(ALNUM + "/#?'\"^{|!$", 12, "p", "9")),
    "password of a cache": ("redis://:%s@cache:6379/0", chars(ALNUM, 12)),
    "password of a broker": ("amqp://bot:%s@mq:5672/vhost", chars(ALNUM + "!$*", 12)),
    "sentry address": ("https://%s@o447951.ingest.sentry.io/5429213", chars(HEX, 32)),
    "google chat": ("https://chat.googleapis.com/v1/spaces/AAAA/messages?key=%s", chars(URLSAFE, 39)),
    "dingtalk": ("https://oapi.dingtalk.com/robot/send?access_token=%s", chars(HEX, 64)),
    "wecom": ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=%s", uuid),
    "helius": ("https://mainnet.helius-rpc.com/?api-key=%s", uuid),
}  # fmt: skip

KINDS = [*EXCHANGES, *SIGNATURES, *WALLETS, *TOKENS, *CLOUDS]
