"""Shared screens, pinned people and what tiles tell of their size, with Chromium's own layout and observers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.ui_gallery import Gallery

pytestmark = [pytest.mark.browser, pytest.mark.gallery]

BOXES = """
() => {
  const box = (element) => element.getBoundingClientRect().toJSON();
  return {
    stage: box(document.querySelector(".stage")),
    tiles: [...document.querySelectorAll(".front > .tile, .grid[data-mode=fit] > .tile")].map(box),
    screen: box(document.querySelector(".front > .tile")),
    people: [...document.querySelectorAll(".grid > .tile")].map(box),
  };
}
"""


def told(page: Page) -> dict[str, int]:
    """The last height that each tile told, by "member, what"."""
    calls: list[str] = page.evaluate("gallery.calls.filter((c) => c.startsWith('showPicture('))")
    heights = {}
    for call in calls:
        found = re.fullmatch(r"showPicture\((.+, (?:camera|screen)), (\d+)\)", call)
        assert found, call
        heights[found[1]] = int(found[2])
    return heights


def area(box: dict[str, Any]) -> float:
    """Square CSS pixels."""
    return float(box["width"] * box["height"])


@pytest.mark.parametrize(("width", "height"), [(320, 640), (740, 360), (768, 1024), (1440, 900)])
@pytest.mark.parametrize(
    "scene", ["call-screen", "call-screen-14", "call-screen-coming", "call-screens", "call-pinned"]
)
def test_what_is_in_front_is_largest_and_covers_nobody(gallery: Gallery, width: int, height: int, scene: str) -> None:
    with gallery.page(width, height) as page:
        gallery.show(page, scene)
        boxes = page.evaluate(BOXES)
        stage, tiles = boxes["stage"], boxes["tiles"]
        for i, one in enumerate(tiles):
            assert one["left"] >= stage["left"] - 1
            assert one["right"] <= stage["right"] + 1
            assert one["top"] >= stage["top"] - 1
            assert one["bottom"] <= stage["bottom"] + 1
            for other in tiles[i + 1 :]:
                assert (
                    one["right"] <= other["left"] + 0.5
                    or other["right"] <= one["left"] + 0.5
                    or one["bottom"] <= other["top"] + 0.5
                    or other["bottom"] <= one["top"] + 0.5
                )
        assert area(boxes["screen"]) > max(area(person) for person in boxes["people"])


def test_a_screen_is_whole_and_sharp(gallery: Gallery) -> None:
    with gallery.page(1440, 900) as page:
        gallery.show(page, "call-screen")
        style = page.locator(".front video").evaluate(
            "(e) => { const s = getComputedStyle(e); return [s.objectFit, s.transform, s.filter, s.imageRendering]; }"
        )
        assert style == ["contain", "none", "none", "auto"]


def test_tiles_tell_how_tall_they_are_and_nothing_out_of_sight(gallery: Gallery) -> None:
    with gallery.page(360, 740) as page:
        gallery.show(page, "call-30")
        page.wait_for_timeout(200)
        heights = told(page)
        tile = page.locator(".tile").first.bounding_box()
        assert tile is not None
        seen = {who for who, height in heights.items() if height > 0}
        assert 10 < len(seen) < 29
        assert {heights[who] for who in seen} == {round(tile["height"])}
        page.evaluate("document.querySelector('.grid').scrollTo(0, 100000)")
        page.wait_for_timeout(200)
        later = told(page)
        assert {who for who, height in later.items() if height > 0} != seen
        assert any(later[who] == 0 for who in seen)


def test_a_panel_and_a_pin_change_what_tiles_tell(gallery: Gallery) -> None:
    with gallery.page(1440, 900) as page:
        gallery.show(page, "call-6")
        page.wait_for_timeout(200)
        before = told(page)
        assert "member-5, camera" not in before  # one's own picture is sent by nobody
        ben = page.get_by_role("group", name="Ben")
        ben.hover()
        ben.get_by_role("button", name="Pin Ben", exact=True).click()
        page.wait_for_timeout(200)
        pinned = told(page)
        assert pinned["member-1, camera"] > 2 * pinned["member-2, camera"]
        assert pinned["member-1, camera"] > before["member-1, camera"] > pinned["member-2, camera"]
        page.get_by_role("button", name="Unpin Ben").click()
        page.wait_for_timeout(200)
        assert told(page) == before


def test_pinning_the_sign_and_full_screen_by_keyboard(gallery: Gallery) -> None:
    with gallery.page(1280, 800) as page:
        gallery.show(page, "call-weak")
        keys = page.keyboard
        page.locator("#main").focus()
        keys.press("Tab")
        pin = page.get_by_role("button", name="Pin Marta", exact=True)
        assert pin.evaluate("(e) => e === document.activeElement && getComputedStyle(e).opacity === '1'")
        keys.press("Tab")
        assert page.get_by_text("Little gets through from Marta at the moment").is_visible()
        keys.press("Escape")
        assert not page.get_by_text("Little gets through from Marta at the moment").is_visible()
        keys.press("Shift+Tab")
        keys.press("Enter")
        front = page.get_by_role("group", name="In front")
        front.get_by_role("button", name="Unpin Marta").wait_for()
        full = front.get_by_role("button", name="Full screen: Marta")
        full.focus()
        keys.press("Enter")
        page.get_by_role("button", name="Back from full screen").wait_for()
        box = front.locator(".tile").bounding_box()
        assert box is not None
        assert (round(box["width"]), round(box["height"])) == (1280, 800)
        keys.press("Enter")
        full.wait_for()
        assert page.evaluate("document.fullscreenElement") is None


def test_buttons_on_tiles_appear_under_the_pointer(gallery: Gallery) -> None:
    opacity = "(e) => getComputedStyle(e).opacity"
    with gallery.page(1280, 800) as page:
        gallery.show(page, "call-6")
        pin = page.get_by_role("button", name="Pin Ben", exact=True)
        assert pin.evaluate(opacity) == "0"
        page.get_by_role("group", name="Ben").hover()
        assert pin.evaluate(opacity) == "1"


def test_a_shared_screen_reaches_the_page_through_more(gallery: Gallery) -> None:
    with gallery.page(1280, 800) as page:
        gallery.show(page, "call-6")
        page.get_by_role("button", name="More").click()
        page.get_by_role("button", name="Share screen").click()
        page.get_by_text("You are sharing your screen.").wait_for()
        page.get_by_role("button", name="Stop sharing").click()
        page.get_by_role("button", name="Share screen").wait_for()
