"""Names as somebody would choose them who may name a bot, a service or a span, and wants to be more than a name.

Each is for one way out: terminal, page, mail, chat, file, template, query, log. Whatever leaves botobs as one of these
is tried with all of them, and with what hypothesis makes of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

NAMES: Mapping[str, str] = {
    "clears the screen": "bot\x1b[2J\x1b[H",
    "renames the window": "bot\x1b]0;owned\x07",
    "writes into the clipboard": "bot\x1b]52;c;cm0gLXJmIH4=\x07",
    "is a link of the terminal": "bot\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "speaks in C1": "bot\x9b31mred\x9d0;owned\x9c",
    "goes back": "bot\rok\b\b\b",
    "begins a line": "bot\nready  all is well",
    "turns the line round": "bot\u202egnp.exe\u2066",
    "is not seen": "bo\u200bt\u00ad\ufeff",
    "separates lines": "bot\u2028next\u2029",
    "is half a character": "bot\ud800",
    "ends in nothing": "bot\x00tail",
    "is markup of rich": "[red]bot[/] [link=https://evil.example]click[/link]",
    "is a script": "</script><img src=x onerror=alert(1)>",
    "is an attribute": '" onmouseover="alert(1)',
    "calls everybody in Slack": "<!channel> <https://evil.example|Re-enter your exchange API key>",
    "calls everybody in Discord": "@everyone [key](https://evil.example)",
    "is markup of Telegram": '<a href="tg://user?id=1">bot</a> *b* _i_ `c`',
    "is a heading": "# bot\n| a | b |",
    "is a mail's header": "bot\r\nBcc: everybody@evil.example\r\n\r\nbody",
    "is an encoded word": "=?utf-8?q?bot?=",
    "is a path": "../../../../etc/cron.d/bot",
    "is a device": "CON",
    "is a stream of a file": "bot:hidden",
    "is an option": "--config=/etc/passwd",
    "is a command": "$(touch /tmp/owned) `id`; rm -rf ~",
    "is a template": "{{ .Labels }} ${HOME} %s {0.__class__}",
    "is a formula": "=HYPERLINK(\"https://evil.example\")",
    "is a selector": 'bot"} or vector(1) #',
    "is a record of a log": 'bot" level=info msg="all is well',
    "is long": "b" * 5000,
    "is empty": "",
}  # fmt: skip

#: The names above, whole, in parts and joined with each other and with anything.
names: st.SearchStrategy[str] = st.one_of(
    st.sampled_from(sorted(NAMES.values())),
    st.text(st.characters(), max_size=40),
    st.lists(st.one_of(st.sampled_from(sorted(NAMES.values())), st.text(max_size=5)), max_size=3).map(
        "".join
    ),
)
