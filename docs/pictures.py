"""Takes the documentation's pictures of a real report: `make pictures` trades for a while and looks at it.

It needs Chromium, and starts the demo on free ports in a folder of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from botobs._demo.services import Load
from botobs._ops.home import state
from botobs._ops.report.of_stack import make
from botobs._ops.report.page import page
from testbed.stack import LiveStack
from tests.support.browser import chromium

FOLDER = Path(__file__).parent / "pictures"


@dataclass(frozen=True)
class _Picture:
    """What is looked at.

    Attributes:
        file: Name of the picture.
        place: What is shown, as in the page's address.
        screen: Width and height.
    """

    file: str
    place: str
    scheme: Literal["light", "dark"]
    screen: tuple[int, int] = (1280, 860)


_PICTURES = (
    _Picture("overview.png", "botobs-overview", "light"),
    _Picture("orders.png", "botobs-orders", "dark"),
    _Picture("service-graph.png", "botobs-traces", "light", (1280, 640)),
    _Picture("waterfall.png", "slow-and-failed", "dark", (1280, 640)),
    _Picture("phone.png", "botobs-overview", "light", (360, 720)),
)


def main() -> None:
    """Trade, make a report, take its pictures."""
    parser = argparse.ArgumentParser(prog="make pictures", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="how long the bots trade (default: 300)")
    options = parser.parse_args()
    with LiveStack(demo=Load()) as live:
        time.sleep(options.seconds)
        made = asyncio.run(make(state.require(live.home), options.seconds))
    FOLDER.mkdir(exist_ok=True)
    _take(page(made))


def _take(page: str) -> None:
    with chromium() as browser:
        for picture in _PICTURES:
            width, height = picture.screen
            tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme=picture.scheme)
            tab.set_content(page)
            tab.evaluate("place => { location.hash = place }", picture.place)
            tab.locator(f"#{picture.place}").wait_for(state="visible")
            tab.evaluate("scrollTo(0, 0)")
            tab.screenshot(path=FOLDER / picture.file)
            tab.close()
            print(f"took {picture.file}")


if __name__ == "__main__":
    main()
