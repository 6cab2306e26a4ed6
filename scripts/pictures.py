"""Makes again what the README shows: the pictures and the lifecycle diagram. `python scripts/pictures.py`.

Rules of this module:

1. A picture is a photograph: the demo runs, a headless Chromium looks at it. Nothing is drawn or filled in by hand.
2. The demo starts at the same business time with the same portfolio, so that a picture changes only when the product does.
3. Chromium is taken from CONTRACTOPS_CHROMIUM, or found on the path.
"""

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench_measure import ROOT, clean_environment
from playwright.sync_api import Page, sync_playwright
from running_demo import demo

from contractops.graphs.lifecycle import mermaid

CLI: Final = str(Path(sys.executable).with_name("contractops"))
DOCS: Final = ROOT / "docs"
README: Final = ROOT / "README.md"
FLAGS: Final = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")
LIFECYCLE: Final = re.compile(r"(<!-- lifecycle -->\n).*?(\n<!-- /lifecycle -->)", re.DOTALL)
ALERT: Final = "60 days to decide: Northwind Logistics"


def main() -> int:
    """Write docs/*.png and the diagram of the README. Returns 2 when there is no Chromium."""
    write_diagram()
    chromium = os.environ.get("CONTRACTOPS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("pictures: no Chromium found; name one in CONTRACTOPS_CHROMIUM", file=sys.stderr)
        return 2
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="contractops-pictures-") as place:
        command = [CLI, "demo", "--folder", str(Path(place) / "demo")]
        with demo(command, Path(place), clean_environment()) as running, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
            page = browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme="light")
            page.goto(running.world)
            photograph(page)
            browser.close()
    return 0


def photograph(page: Page) -> None:
    """The whole page with the alert in view, and the alert alone."""
    page.get_by_role("button", name="Close this notice").click()
    card = page.locator("article.message", has=page.get_by_role("heading", name=ALERT)).first
    card.wait_for()
    card.evaluate("card => card.scrollIntoView({ block: 'start' })")
    page.screenshot(path=DOCS / "workspace.png")
    page.set_viewport_size({"width": 1280, "height": 1600})
    card.evaluate("card => card.scrollIntoView({ block: 'center' })")
    card.locator(".bubble").first.screenshot(path=DOCS / "alert.png")


def write_diagram() -> None:
    """Put the diagram of the transition table between the markers of the README."""
    readme = README.read_text(encoding="utf-8")
    README.write_text(LIFECYCLE.sub(lambda markers: f"{markers[1]}```mermaid\n{mermaid()}\n```{markers[2]}", readme), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
