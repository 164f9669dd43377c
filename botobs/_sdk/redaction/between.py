"""What stands between a name and its value, in the ways in which programs and languages write pairs."""

from __future__ import annotations

import re

# A quote, behind backslashes where the text was escaped.
_QUOTE = r"\\*+['\"]"
_FORMS = (
    # `**name**: …` and `**name:** …`, in Markdown.
    r"\*{1,2}:\s++|:\*{1,2}\s++",
    # `name: str = "`, `name As String = "`, with a type between; without a quote it is code.
    r"\s{0,3}(?::|\s[aA]s\s|\s)\s{0,3}&?(?i:string|secretstr|str|text|bytes)\??\s{0,3}=\s*+(?=[bBuUrRfF]?\\*['\"])",
    # `name: chr "`, as R shows a structure; `cs1Label=name cs1=` of ArcSight's format.
    r":\s++chr\s++(?=\")|\s(?:cs|cn|flexString)\d=",
    # `name=`, `"name": `, `[name] => `, also with the signs of Chinese texts; `name: |` before the next line.
    rf"(?:{_QUOTE}|`)?\]?\s*+(?::=|=>|={{1,3}}|[\uff1a\uff1d]|:(?:[ \t]*+[|>][+-]?[ \t]*+\n)?)\s*+",
    # `s:3:"name";s:5:"`, as PHP writes its sessions.
    rf"{_QUOTE};[sS]:\d{{1,6}}:",
    # `"name", `, and `"name", "type": "…", "value": ` where a pair names both its parts.
    rf"{_QUOTE}\s*+,\s*+(?:(?:{_QUOTE}(?!\w{{0,20}}[vV]alue)\w{{1,20}}{_QUOTE}\s*+:\s*+{_QUOTE}[\w.-]{{0,60}}{_QUOTE}\s*+,\s*+)?"
    rf"{_QUOTE}\w{{0,20}}[vV]alue{_QUOTE}\s*+:\s*+)?",
    r",\s*+(?:\w{0,20}[vV]alue|default|content)=",
    # `"name" value=`, `"name" default=`, and `"name" value { string_value: ` of Protobuf's text.
    rf"{_QUOTE}\s*+(?:value|default|content)\s*+(?:=|:|\{{\s*+\w{{1,20}}:)\s*+",
    # `name</td><td class="…">`, `name</b>: `
    r"</[\w:-]{1,40}>\s*+(?:[:=]\s*+(?:<[\w:-]{1,40}(?:\s[^<>]{0,200})?>)?|<[\w:-]{1,40}(?:\s[^<>]{0,200})?>)",
    # The next text of a command as it is sent to Redis.
    r"(?:\\r\\n|\r\n)\$\d{1,6}(?:\\r\\n|\r\n)",
    # A part of a form.
    r"['\"](?:\r?\n){2}",
    # The end of an element's beginning, behind its attributes.
    r"['\"]?(?:\s[\w:-]{1,40}=\"[^\"<>]{0,200}\")*+>",
    # The two lines of a variable in Kubernetes.
    r"['\"]?[ \t]*+\r?\n[ \t]*+[vV]alue:\s*+",
    # Erlang's bytes, and an item of a list of R.
    r",\s*+<<|\n\[1\] ",
    # After a blank or a bar alone the value is spoken of.
    r"(?P<spoken>['\"]?(?:[ \t(?]++(?:[|\u2502\u2192][ \t]++)?|\|{1,2}+))",
)
#: Matches behind a name; its group `spoken` says that only what looks like a value is one.
BETWEEN = re.compile("|".join(_FORMS))
