"""How the interface looks: every screen, in real Chromium, from 320 px upwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page

from tests.browser.ui_gallery import ORIGIN, WEB, Gallery

pytestmark = [pytest.mark.browser, pytest.mark.gallery]

ARTIFACTS = Path(__file__).resolve().parents[1] / "artifacts" / "ui"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"

SCENES = [
    "opening", "before", "before-open", "before-facilitator", "before-help", "waiting", "waiting-nobody", "declined",
    "call-1", "call-2", "call-6", "call-14", "call-30", "call-trouble", "call-people", "call-chat", "call-more",
    "call-remove", "call-end", "call-last", "call-shortcuts", "call-check", "call-check-gathering",
    "call-check-nameless", "call-check-not-through", "call-check-outdated", "call-check-differ",
    "call-check-started", "call-co-facilitator",
    "call-explained", "call-keys", "call-screen", "call-screen-14", "call-screen-coming", "call-screens",
    "call-screen-chat", "call-pinned", "call-sharing", "call-weak", "call-weak-14", "call-audio-only", "call-quality",
    "call-quality-theirs", "organiser", "organiser-revoke", "organiser-change", "organiser-changed",
    "organiser-delete", "organiser-deleted", "organiser-outdated", "organiser-outdated-change",
    "problem-links-changed", "problem-no-secret",
    "problem-browser-cannot", "problem-no-secure-context", "problem-unreachable", "problem-clock",
    "problem-certificate-missing", "problem-certificate-revoked", "left-left", "left-removed", "left-taken-over",
    "left-ended-unsigned",
]  # fmt: skip
"""Problems and endings share one layout; those with the longest texts and each kind of button stand for the rest."""

OVERFLOW = """
() => {
  const bad = [];
  const page = document.documentElement;
  if (page.scrollWidth > innerWidth) bad.push(`page ${page.scrollWidth} > ${innerWidth}`);
  for (const element of document.querySelectorAll("body *")) {
    // What may be cut with an ellipsis keeps its whole text in an accessible name or scrolls; selects cut their labels.
    if (element.closest(".visually-hidden, .skip, svg, select, .sound")) continue;
    if (element.closest(".call-bar h1, .chip, .plate, .paused-words, .self-name")) continue;
    if (!element.checkVisibility() || element.clientWidth === 1) continue; // one pixel: for screen readers only
    const style = getComputedStyle(element);
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const clips = style.overflowX !== "visible" && style.overflowX !== "auto" && style.overflowX !== "scroll";
    if ((text || clips) && element.scrollWidth > element.clientWidth + 1 && style.display !== "inline") {
      bad.push(`${element.tagName}.${element.className} ${element.scrollWidth} > ${element.clientWidth}`);
    }
    const box = element.getBoundingClientRect();
    const strip = element.closest('.grid[data-mode="strip"]');
    if (text && !strip && (box.left < -1 || box.right > innerWidth + 1)) {
      bad.push(`${element.tagName}.${element.className} from ${box.left} to ${box.right}`);
    }
  }
  return bad;
}
"""

TARGETS = """
() => [...document.querySelectorAll("button, select, input, textarea, a[href]")]
  .filter((element) => element.checkVisibility() && !element.matches(".skip"))
  .map((element) => ({ element, box: (element.closest("label") ?? element).getBoundingClientRect() }))
  .filter(({ box }) => box.width < 43.5 || box.height < 43.5)
  .map(({ element, box }) => `${element.outerHTML.slice(0, 90)} ${box.width} by ${box.height}`)
"""


def axe(page: Page, *ignored: str) -> list[str]:
    """What axe finds serious or critical, as "rule: where"; `ignored` rules are left out."""
    # Through the protocol's own evaluation: the page's policy lets no foreign script in.
    page.evaluate(AXE.read_text())
    rules = {rule: {"enabled": False} for rule in ignored}
    found = page.evaluate("(rules) => axe.run(document, { resultTypes: ['violations'], rules })", rules)
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("theme", ["dark", "light", "contrast"])
def test_axe_finds_nothing_serious_on_any_screen(gallery: Gallery, theme: str) -> None:
    found: dict[str, list[str]] = {}
    with gallery.page(1280, 800) as page:
        for scene in SCENES:
            gallery.show(page, scene, theme=theme)
            if problems := axe(page):
                found[scene] = problems
    assert found == {}


def test_axe_finds_nothing_serious_on_a_phone_from_right_to_left(gallery: Gallery) -> None:
    found: dict[str, list[str]] = {}
    with gallery.page(320, 640) as page:
        for scene in SCENES:
            gallery.show(page, scene, theme="light", locale="ar-XB")
            # The pseudo-language's direction marks stand inside every text, so no text is part of another.
            if problems := axe(page, "label-content-name-mismatch"):
                found[scene] = problems
    assert found == {}


@pytest.mark.parametrize(
    ("width", "height", "locale"),
    [(320, 640, "en"), (320, 640, "de"), (320, 640, "ar-XB"), (740, 360, "ar-XB"), (768, 1024, "ar-XB")],
)
def test_nothing_overflows_or_is_clipped(gallery: Gallery, width: int, height: int, locale: str) -> None:
    found: dict[str, list[str]] = {}
    with gallery.page(width, height) as page:
        for scene in SCENES:
            gallery.show(page, scene, locale=locale)
            if problems := page.evaluate(OVERFLOW):
                found[scene] = problems
    assert found == {}


@pytest.mark.parametrize("width", [640, 1280])
def test_text_of_twice_the_size_still_fits(gallery: Gallery, width: int) -> None:
    found: dict[str, list[str]] = {}
    with gallery.page(width, 900) as page:
        for scene in SCENES:
            gallery.show(page, scene)
            page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
            page.wait_for_timeout(50)
            if problems := page.evaluate(OVERFLOW):
                found[scene] = problems
    assert found == {}


@pytest.mark.parametrize("width", [320, 1280])
def test_every_target_is_44_pixels_at_least(gallery: Gallery, width: int) -> None:
    found: dict[str, list[str]] = {}
    with gallery.page(width, 800) as page:
        for scene in SCENES:
            gallery.show(page, scene)
            if problems := page.evaluate(TARGETS):
                found[scene] = problems
    assert found == {}


GROUND = "() => getComputedStyle(document.body).backgroundColor"
DARK, LIGHT, BLACK = "rgb(27, 24, 21)", "rgb(238, 236, 229)", "rgb(0, 0, 0)"


@pytest.mark.parametrize("width", [320, 1440])
@pytest.mark.parametrize("contrast", ["no-preference", "more"])
def test_the_servers_own_pages(gallery: Gallery, width: int, contrast: Literal["no-preference", "more"]) -> None:
    """Dark even on a light device; high contrast where the device asks for more of it."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    with gallery.page(width, 900) as page:
        page.emulate_media(color_scheme="light", contrast=contrast)
        for name in ["landing-en", "landing-de", "error-en", "group-de"]:
            page.goto(f"{ORIGIN}/{name}")
            page.screenshot(path=ARTIFACTS / f"{name}-{width}-{contrast}.png", full_page=True)
            assert page.evaluate(GROUND) == (BLACK if contrast == "more" else DARK)
            assert page.title() == "Hearthside"
            assert page.evaluate(OVERFLOW) == []
            assert axe(page) == []


def test_a_group_page_whose_client_cannot_go_on_has_words_of_the_server(gallery: Gallery) -> None:
    with gallery.page(320, 640) as page:
        page.goto(f"{ORIGIN}/group-de")
        page.evaluate("document.querySelector('#app').replaceChildren(document.querySelector('#unreachable').content)")
        assert page.get_by_role("heading").inner_text() == "Der Server antwortet nicht"
        assert page.evaluate(OVERFLOW) == []
        assert page.evaluate(TARGETS) == []
        assert axe(page) == []
        page.get_by_role("link", name="Seite neu laden").click()
        page.get_by_text("Die Tür geht auf…").wait_for()


def test_the_theme_is_dark_until_another_one_is_chosen(gallery: Gallery) -> None:
    with gallery.page(800, 800) as page:
        for theme, scheme, contrast, ground in [
            ("", "light", "no-preference", DARK),
            ("", "light", "more", BLACK),
            ("dark", "light", "more", DARK),
            ("light", "dark", "no-preference", LIGHT),
            ("auto", "light", "no-preference", LIGHT),
            ("auto", "dark", "no-preference", DARK),
            ("auto", "light", "more", BLACK),
            ("contrast", "light", "no-preference", BLACK),
        ]:
            page.emulate_media(color_scheme=scheme, contrast=contrast)  # type: ignore[arg-type] # literals of a table
            gallery.show(page, "waiting", theme=theme)
            assert page.evaluate(GROUND) == ground, (theme, scheme, contrast)


LONG_NAME = "Maximiliane von Hohenstein-Rothenburg II"
"""40 characters, as many as a name may have (web/client/name_form.ts)."""


def test_who_waits_on_a_small_phone_sees_every_control(gallery: Gallery) -> None:
    with gallery.page(320, 640) as page:
        for locale, name in [("en", ""), ("de", ""), ("en", LONG_NAME), ("de", LONG_NAME)]:
            gallery.show(page, "waiting", locale=locale)
            if name:
                page.evaluate("(name) => { gallery.model.ownName.value = name; }", name)
                page.get_by_text(name, exact=True).wait_for()
            stop_waiting = page.locator(".waiting .actions button").last.bounding_box()
            assert stop_waiting is not None
            assert stop_waiting["y"] + stop_waiting["height"] <= 640, (locale, name)


def test_tiles_fill_the_stage_without_overlap(gallery: Gallery) -> None:
    boxes = "() => [...document.querySelectorAll('.tile')].map((t) => t.getBoundingClientRect().toJSON())"
    for width, height in [(360, 740), (1440, 900), (1024, 700)]:
        with gallery.page(width, height) as page:
            for scene, count in [("call-1", 1), ("call-2", 2), ("call-6", 6), ("call-14", 14)]:
                gallery.show(page, scene)
                tiles = page.evaluate(boxes)
                stage = page.locator(".stage").bounding_box()
                assert stage is not None
                assert len(tiles) == count
                for i, one in enumerate(tiles):
                    assert one["left"] >= stage["x"] - 1
                    assert one["right"] <= stage["x"] + stage["width"] + 1
                    assert one["top"] >= stage["y"] - 1
                    assert one["bottom"] <= stage["y"] + stage["height"] + 1
                    for other in tiles[i + 1 :]:
                        apart = (
                            one["right"] <= other["left"]
                            or other["right"] <= one["left"]
                            or one["bottom"] <= other["top"]
                            or other["bottom"] <= one["top"]
                        )
                        assert apart


# The lines of words on each tile, as far as they are covered by another part of it or stand outside.
COVERED = """
() => [...document.querySelectorAll(".tile")].flatMap((tile) => {
  const seen = (all) => [...tile.querySelectorAll(all)].filter((element) => element.checkVisibility());
  const signs = seen(".flag, .tile-tool-plate, .plate").map((element) => element.getBoundingClientRect());
  const inside = tile.getBoundingClientRect();
  return seen(".paused span, .state span").flatMap((words) => {
    const range = document.createRange();
    range.selectNodeContents(words);
    const lines = [...range.getClientRects()];
    const cut = words.scrollWidth > words.clientWidth && words.clientWidth > 0;
    const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
    const bad = lines.some((line) => line.top < inside.top || signs.some((sign) => !apart(line, sign)));
    return cut || bad ? [`${tile.ariaLabel}: ${words.textContent}`] : [];
  });
})
"""


@pytest.mark.parametrize("locale", ["en", "de"])
def test_the_words_on_the_smallest_tiles_are_covered_by_nothing(gallery: Gallery, locale: str) -> None:
    long_names = """(name) => { const { members } = gallery.model; members.value = members.value.map((one) =>
      ({ ...one, hand: 3, network: "poor", name })); }"""
    with gallery.page(320, 640) as page:
        gallery.show(page, "call-weak-14", locale=locale)
        page.evaluate(long_names, LONG_NAME)
        page.wait_for_timeout(100)
        tile = page.locator(".tile").first.bounding_box()
        assert tile is not None
        assert (round(tile["width"]), round(tile["height"])) == (97, 73)
        assert page.locator(".paused-words").count() >= 3
        assert page.locator(".state").count() >= 2
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=ARTIFACTS / f"smallest-tiles-{locale}.png")
        assert page.evaluate(COVERED) == []
        assert page.evaluate(OVERFLOW) == []


def test_a_scrolling_stage_keeps_every_tile_and_names_who_speaks_out_of_sight(gallery: Gallery) -> None:
    with gallery.page(360, 740) as page:
        gallery.show(page, "call-30")
        assert page.locator(".tile").count() == 30
        grid = page.get_by_role("group", name="Tiles")
        assert grid.get_attribute("tabindex") == "0"
        page.evaluate(
            """() => { const { members } = gallery.model;
            members.value = members.value.map((m) => ({ ...m, speaking: m.id === "member-27" })); }"""
        )
        button = page.locator(".speaking-elsewhere")
        button.wait_for()
        assert button.inner_text() == "Tomasz is speaking"
        button.click()
        button.wait_for(state="detached")


def test_tiles_do_not_move_when_somebody_speaks(gallery: Gallery) -> None:
    order = "() => [...document.querySelectorAll('.tile')].map((t) => t.dataset.member)"
    with gallery.page(360, 740) as page:
        gallery.show(page, "call-14")
        before = page.evaluate(order)
        page.evaluate(
            "() => { const m = gallery.model.members; m.value = m.value.map((o) => ({ ...o, speaking: true })); }"
        )
        page.wait_for_timeout(100)
        assert page.evaluate(order) == before


@pytest.mark.parametrize("locale", ["en", "de", "ar-XB"])
def test_the_emoji_are_what_a_small_phone_shows_first(gallery: Gallery, locale: str) -> None:
    with gallery.page(320, 640) as page:
        gallery.show(page, "call-check", locale=locale)
        boxes = [box for item in page.locator(".emoji-grid li").all() if (box := item.bounding_box())]
        assert len(boxes) == 8
        assert all(box["y"] > 0 and box["y"] + box["height"] < 640 for box in boxes)


def test_a_long_chat_stays_where_one_reads_until_one_writes(gallery: Gallery) -> None:
    """200 messages: only a new one of one's own moves the log; new ones of others are offered."""

    def change(page: Page, how: str) -> None:
        page.evaluate(f"() => {{ const {{ chat }} = gallery.model; chat.value = ({how})(chat.value); }}")

    with gallery.page(1280, 800) as page:
        gallery.show(page, "call-chat")
        log = page.get_by_role("log", name="Messages")
        more = "(all) => Array.from({ length: 200 }, (_, i) => ({ ...all[i % 5], key: `${i}`, state: 'sending' }))"
        change(page, more)
        at_end = "(e) => e.scrollHeight - e.scrollTop - e.clientHeight < 2"
        assert log.evaluate(at_end)
        log.evaluate("(e) => new Promise((r) => { e.onscroll = r; e.scrollTop = 100; })")
        change(page, "(all) => all.map((m) => ({ ...m, state: 'sent', senderName: 'Ben (2)' }))")
        page.wait_for_timeout(100)
        assert log.evaluate("(e) => e.scrollTop") == 100
        newer = page.get_by_role("button", name="Newer messages")
        assert newer.count() == 0
        change(page, "(all) => [...all, { ...all[0], key: 'new' }]")
        newer.wait_for()
        assert log.evaluate("(e) => e.scrollTop") == 100
        page.get_by_role("textbox", name="Message").fill("mine")
        page.get_by_role("button", name="Send").click()
        page.wait_for_function("[...document.querySelectorAll('.message p')].at(-1).textContent === 'mine'")
        assert log.evaluate(at_end)
        assert newer.count() == 0


def test_names_and_messages_with_piles_of_marks_cover_nothing_else(gallery: Gallery) -> None:
    """512 UTF-16 units fit into a name: at the door somebody may draw a tower over the facilitators' buttons."""
    tower = "".join(letter + "\u0301\u0323" * 18 for letter in "Tower of marks"[:13])
    call_it = """(name) => { const { knocks, chat, members } = gallery.model;
      knocks.value = knocks.value.map((k, i) => (i === 0 ? { ...k, name } : k));
      members.value = members.value.map((m, i) => (i === 4 ? { ...m, name, hand: 1 } : m));
      chat.value = chat.value.map((m, i) => (i === 1 ? { ...m, senderName: name, text: name } : m)); }"""

    def around(page: Page, *selectors: str) -> list[bytes]:
        return [page.locator(selector).first.screenshot(animations="disabled") for selector in selectors]

    with gallery.page(1280, 1600) as page:
        for scene, selectors in {
            "call-people": [
                ".section-head",
                ".knock .actions",
                "ol .order",
                "aside ol + *, aside section:last-child h3",
            ],
            "call-chat": [".message:nth-of-type(1)", ".message:nth-of-type(3)"],
        }.items():
            gallery.show(page, scene)
            page.evaluate(call_it, "Tower")
            page.wait_for_timeout(100)
            plain = around(page, *selectors)
            page.evaluate(call_it, tower)
            page.wait_for_timeout(100)
            assert around(page, *selectors) == plain, scene


def test_reduced_motion_stops_every_animation(gallery: Gallery) -> None:
    running = "() => document.getAnimations().length"
    with gallery.page(800, 800, reduced_motion=False) as page:
        gallery.show(page, "waiting")
        assert page.evaluate(running) == 3
        page.get_by_role("button", name="Still the shape").click()
        page.get_by_role("button", name="Let the shape move").wait_for()
        assert page.evaluate(
            "document.querySelector('.breath').getAnimations({ subtree: true }).every((a) => a.playState === 'paused')"
        )
    with gallery.page(800, 800) as page:
        for scene in ["waiting", "call-6", "call-people", "call-remove"]:
            gallery.show(page, scene)
            assert page.evaluate(running) == 0


def test_forced_colours_keep_edges_and_the_speaker_mark(gallery: Gallery) -> None:
    with gallery.page(1280, 800, forced_colors=True) as page:
        gallery.show(page, "call-6")
        width = "(e) => getComputedStyle(e).borderTopWidth"
        assert page.locator(".tool").first.evaluate(width) == "1px"
        assert page.locator(".tile").first.evaluate(width) == "1px"
        mark = page.locator(".tile[data-speaking]").first.evaluate(
            "(e) => getComputedStyle(e, '::before').borderTopWidth"
        )
        assert mark == "4px"


def test_hiding_ones_own_picture_leaves_the_tile(gallery: Gallery) -> None:
    with gallery.page(1280, 800) as page:
        gallery.show(page, "call-6")
        own = page.get_by_role("group", name="Jo, you")
        assert own.locator("video").count() == 1
        gallery.show(page, "call-6", look=json.dumps({"hideSelf": True}))
        assert own.locator("video").count() == 0
        assert own.locator("svg.avatar").count() == 1


@pytest.mark.parametrize(
    ("width", "height", "theme"), [(320, 640, "light"), (768, 1024, "contrast"), (1440, 900, "dark")]
)
def test_pictures_of_every_screen(gallery: Gallery, width: int, height: int, theme: str) -> None:
    """Kept in tests/artifacts/ui for people to look at; that each page paints something is all that is judged here."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    with gallery.page(width, height) as page:
        for scene in SCENES:
            gallery.show(page, scene, theme=theme)
            picture = page.screenshot(path=ARTIFACTS / f"{scene}-{width}-{theme}.png")
            assert len(picture) > 3000
