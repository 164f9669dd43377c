"""What is to be done when a module is imported. What is withdrawn before leaves nothing behind."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType

import wrapt

Action = Callable[[ModuleType], None]

#: By module. wrapt keeps each hook until its module is imported, so it gets one for all actions of a module.
_WAITING: dict[str, list[Action]] = {}


def when_imported(module: str, action: Action) -> Callable[[], None]:
    """Run `action(module)` once, when a module that is not imported yet is imported.

    Args:
        module: Its full name.
        action: May raise nothing.

    Returns:
        Withdraws the action; does nothing once it has run.
    """
    known = module in _WAITING
    waiting = _WAITING.setdefault(module, [])
    waiting.append(action)
    if not known:
        wrapt.register_post_import_hook(functools.partial(_imported, module), module)

    def withdraw() -> None:
        if action in waiting:
            waiting.remove(action)

    return withdraw


def _imported(module: str, imported: ModuleType) -> None:
    for action in _WAITING.pop(module, ()):
        action(imported)
