"""Does what a page of documentation says, word by word: writes its files, runs its commands, compares what they print.

A block `console` holds commands, each after `$ `, and below each what it prints: lines that come in this order, in
which `...` stands for any text. A block with `title="path"` is a file. Any other block is only shown.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_FENCE = re.compile(r"^```(\w+)?(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEREDOC = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?")


@dataclass(frozen=True)
class File:
    """A file that the reader is told to write; its path is relative to where he is."""

    path: str
    content: str


@dataclass(frozen=True)
class Command:
    """A command that the reader is told to type, and what it prints."""

    words: str
    output: tuple[str, ...]


def steps(text: str) -> Iterator[File | Command]:
    """Everything that a page asks for, in order."""
    for kind, title, content in _FENCE.findall(text):
        if title:
            yield File(title, content)
        elif kind == "console":
            yield from _commands(content)


def _commands(block: str) -> Iterator[Command]:
    lines = block.splitlines()
    while lines:
        line = lines.pop(0)
        assert line.startswith("$ "), f"{line!r} belongs to no command"
        words = [line.removeprefix("$ ")]
        while words[-1].endswith("\\"):
            words.append(lines.pop(0))
        if end := _HEREDOC.search(words[0]):
            while words[-1] != end[1]:
                words.append(lines.pop(0))
        output = []
        while lines and not lines[0].startswith("$ "):
            output.append(lines.pop(0))
        yield Command("\n".join(words), tuple(output))


@dataclass
class Reader:
    """Somebody who does what a page says.

    Attributes:
        folder: Where he is.
        environ: His environment.
        instead: What the page cannot know, such as a free port, by what it says in its place.
        shell: The words that start his shell.
    """

    folder: Path
    environ: Mapping[str, str]
    instead: Mapping[str, str] = field(default_factory=dict)
    shell: Sequence[str] = ("bash",)

    def follow(self, page: Path, since: str = "", until: str = "") -> None:
        """Do all that a page says.

        Args:
            page: The page.
            since: The heading to begin with, if it is not the page's own.
            until: The heading to end at.

        Raises:
            AssertionError: A command fails, or prints something else.
        """
        text = page.read_text(encoding="utf-8")
        for heading in filter(None, (since, until)):
            assert f"\n## {heading}\n" in text, f"{page} has no section {heading!r}"
        text = text.partition(f"\n## {since}\n")[2] if since else text
        text = text.partition(f"\n## {until}\n")[0] if until else text
        for step in steps(text):
            if isinstance(step, File):
                target = self.folder / step.path
                target.write_text(self._put(step.content), encoding="utf-8")
            else:
                self._run(step)

    def _put(self, text: str) -> str:
        for theirs, ours in self.instead.items():
            text = text.replace(theirs, ours)
        return text

    def _run(self, command: Command) -> None:
        read, write = os.pipe()
        with os.fdopen(read) as reported:
            words = self._put(command.words)
            # What it names and where it goes holds for the next command.
            kept = f"set -a\n{words}\ncode=$?; {{ pwd; env --null; }} >&{write}; exit $code"
            done = subprocess.run(
                [*self.shell, "-c", kept],
                cwd=self.folder,
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                pass_fds=[write],
                check=False,
            )
            os.close(write)
            folder, _, environ = reported.read().partition("\n")
        if environ:
            self.folder = Path(folder)
            self.environ = dict(each.split("=", 1) for each in environ.split("\0") if each)
        assert done.returncode == 0, f"$ {words}\n{done.stdout}"
        _compare(words, command.output, done.stdout)


def _compare(words: str, expected: tuple[str, ...], printed: str) -> None:
    rest = printed.splitlines()
    for line in expected:
        pattern = ".*".join(map(re.escape, line.split("...")))
        while rest and not re.fullmatch(pattern, rest[0]):
            rest.pop(0)
        assert rest, f"$ {words}\nprints no {line!r}, but\n{printed}"
        rest.pop(0)
