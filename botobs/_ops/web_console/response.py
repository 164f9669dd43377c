"""What is answered over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

#: Pages run no script but the console's own files. Widths of bars and colours of lines are attributes of elements.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Response:
    """A status, headers and a body.

    Args:
        status: Of HTTP.
        kind: Media type of the body.
        body: A text, or texts as they come.
        headers: Over those that every answer has.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        body: str | Iterable[str],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.body = body
        self.headers = {"Content-Type": f"{kind}; charset=utf-8", **_HEADERS, **(headers or {})}

    @property
    def parts(self) -> Iterator[bytes]:
        """The body as bytes."""
        for part in [self.body] if isinstance(self.body, str) else self.body:
            yield part.encode("utf-8", "replace")
