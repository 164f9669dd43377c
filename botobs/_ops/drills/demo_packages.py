"""Which Python packages of the extra `demo` are missing."""

from __future__ import annotations

from importlib.util import find_spec

from ..errors import StackError

#: What the demo's services import; the extra `demo` installs it.
_PACKAGES = ("aiohttp", "asyncpg", "ccxt", "sqlalchemy")


def require_demo_packages() -> None:
    """Check that the demo's services can be imported before anything is started.

    Raises:
        StackError: Packages are missing; it names them, and the pip command that installs them.
    """
    if missing := [name for name in _PACKAGES if find_spec(name) is None]:
        raise StackError(
            f"the demo needs Python packages that are not installed: {', '.join(missing)}",
            "Install them with: pip install 'botobs[demo,stack]'",
        )
