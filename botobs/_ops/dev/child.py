"""Runs a program as it would run by itself: same terminal, same signals, same end."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Mapping, Sequence

import psutil

from ..errors import StackError

#: Signals that are passed on to the program, each once.
_SIGNALS = frozenset(
    {
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGQUIT,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGCHLD,
    }
)


class Child:
    """A program in our process group.

    Args:
        program: Path of the program.
        command: Its name and arguments.
        environ: Its environment.
    """

    def __init__(self, program: str, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self._program, self._command, self._environ = program, list(command), dict(environ)
        self._mask: set[int] = set()
        self._pid = 0

    def hold_signals(self) -> None:
        """Let signals wait for `wait`. Threads that are started from now on leave them to it."""
        # Whoever started us may ignore it, and then nobody is told how the program ended.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)

    def release_signals(self) -> None:
        """Let signals through again."""
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def start(self, environ: Mapping[str, str]) -> None:
        """Start the program with further variables.

        Raises:
            StackError: It cannot be started.
        """
        try:
            self._pid = os.posix_spawn(
                self._program,
                self._command,
                {**self._environ, **environ},
                setsigmask=self._mask,
                # Python ignores these, and a program would inherit that.
                setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
            )
        except OSError as error:
            raise StackError(f"{self._program} cannot be started: {error.strerror}") from None

    def wait(self) -> int:
        """Wait for the program's end and pass signals on meanwhile; returns its wait status.

        What is typed at the terminal, and its end, reach the whole process group without us.
        """
        while True:
            received = signal.sigwaitinfo(_SIGNALS)
            if received.si_signo == signal.SIGCHLD:
                pid, status = os.waitpid(self._pid, os.WNOHANG)
                if pid:
                    return status
            elif received.si_pid:
                os.kill(self._pid, received.si_signo)


def still_running(variable: str, value: str) -> int:
    """How many processes were started with a variable of this value, and have not ended."""
    found = psutil.process_iter(["environ", "status"])
    return sum(
        (each.info["environ"] or {}).get(variable) == value and each.info["status"] != psutil.STATUS_ZOMBIE
        for each in found
    )


def end_as(status: int) -> int:
    """The exit code of a wait status; does not return where a signal ended the program, but ends us by the same."""
    if not os.WIFSIGNALED(status):
        return os.waitstatus_to_exitcode(status)
    number = os.WTERMSIG(status)
    # The program has left its core, if any; ours is of no use.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    # The parent process has blocked the signal: exit with the code that a shell uses for it.
    return 128 + number
