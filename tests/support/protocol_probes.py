"""Doors at which other words are said than at most: gossip, and requests signed for an object store."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import socket
import ssl

#: Of memberlist: a connection that stays, a message behind a label, and a ping for whoever listens.
_STREAM, _LABELLED, _PING = b"\x02", b"\xf4", b"\x00\x81\xa5SeqNo\x01"
#: Seconds that a listener has to answer or to hang up.
_PATIENCE = 3.0


def gossips(number: int, context: ssl.SSLContext | None, label: str) -> bool:
    """Whether a listener of Mimir's or Tempo's gossip answers a ping that carries `label`."""
    header = _LABELLED + bytes([len(label)]) + label.encode() if label else b""
    return _said(number, context, _STREAM + header + _PING) not in (b"", None)


def shakes_hands(number: int, context: ssl.SSLContext | None) -> bool:
    """Whether a listener takes what we show: it waits for more, and does not hang up.

    Without encryption it is told nothing that it could take: Alertmanager's leaves such a connection standing.
    """
    return context is not None and _said(number, context, b"\0") is None


def _said(number: int, context: ssl.SSLContext | None, words: bytes) -> bytes | None:
    """What a listener answers, nothing when it hangs up, None when it waits."""
    with socket.create_connection(("127.0.0.1", number), timeout=_PATIENCE) as plain:
        try:
            if context is None:
                plain.sendall(words)
                return plain.recv(64)
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                secure.sendall(words)
                return secure.recv(64)
        except TimeoutError:
            return None
        except OSError:
            return b""


def signed(host: str, key: str, secret: str, path: str = "/", region: str = "us-east-1") -> dict[str, str]:
    """Headers of a GET that is signed as S3 wants it.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    """
    now = datetime.datetime.now(datetime.UTC)
    moment, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    nothing = hashlib.sha256(b"").hexdigest()
    headers = {"host": host, "x-amz-content-sha256": nothing, "x-amz-date": moment}
    names = ";".join(headers)
    canonical = "\n".join(
        ["GET", path, "", *(f"{name}:{value}" for name, value in headers.items()), "", names, nothing]
    )
    scope = f"{day}/{region}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signing = f"AWS4{secret}".encode()
    for word in (day, region, "s3", "aws4_request"):
        signing = hmac.digest(signing, word.encode(), "sha256")
    signature = hmac.digest(signing, text.encode(), "sha256").hex()
    credential = f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": credential}
