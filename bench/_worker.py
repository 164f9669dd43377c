"""The process of one contender: takes orders as JSON lines, answers with numbers."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from ._contenders import CONTENDERS, process_cpu
from ._lag import lags
from ._work import Operation


def main() -> None:
    """Run the operations that the input names, one a line, until it ends."""
    name, port = sys.argv[1], int(sys.argv[2])
    # What a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    contender = CONTENDERS[name](port)
    operations: dict[str, Operation | None] = {}

    def measure(operation: str, times: int) -> float | None:
        if operation not in operations:
            operations[operation] = getattr(contender, operation)()
        run = operations[operation]
        if run is None:
            return None
        # CPU of this thread: what other programs on the machine do, and waiting for them, does not count.
        begin = time.thread_time_ns()
        run(times)
        return (time.thread_time_ns() - begin) / times / 1000

    def obey(order: dict[str, Any]) -> Any:
        if order["do"] == "cpu":
            return process_cpu(contender, order["spans"], order["unique"])
        if order["do"] == "lag":
            return lags(contender, order["rate"], order["seconds"])
        return measure(order["do"], order["times"])

    for line in sys.stdin:
        answer = obey(json.loads(line))
        contender.flush()
        print(json.dumps(answer), file=answers, flush=True)
    answers.close()
    # Exporters of some take long to see that they are not needed any more.
    os._exit(0)


if __name__ == "__main__":
    main()
