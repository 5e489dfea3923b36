"""How the interface is operated: by keyboard alone, and where the focus goes, in real Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.ui_gallery import Gallery

pytestmark = [pytest.mark.browser, pytest.mark.gallery]


def focused(page: Page) -> str:
    """The accessible name, roughly, of what has the focus."""
    name: str = page.evaluate(
        """() => { const e = document.activeElement;
        const label = e.getAttribute("aria-label") ?? e.labels?.[0]?.textContent ?? e.textContent;
        return `${e.tagName.toLowerCase()} ${label.trim().slice(0, 60)}`; }"""
    )
    return name


def test_joining_and_a_meeting_by_keyboard_alone(gallery: Gallery) -> None:
    with gallery.page(1280, 900) as page:
        gallery.show(page, "before")
        keys = page.keyboard
        keys.press("Tab")
        assert focused(page) == "button Skip to the main content"
        keys.press("Enter")
        for _ in range(5):
            keys.press("Tab")
            assert page.evaluate("document.activeElement.type") == "checkbox"
            keys.press("Space")
        keys.press("Tab")
        assert focused(page) == "input Your name"
        keys.type("Sam")
        seen = []
        while focused(page) != "button Ask to join":
            keys.press("Tab")
            seen.append(focused(page))
            assert len(seen) < 15, seen
        assert "button Mute microphone" in seen
        assert "select Microphone" in seen
        keys.press("Enter")
        page.get_by_role("status").filter(has_text="Waiting to be let in").wait_for()
        assert page.evaluate("gallery.calls.filter((c) => c.startsWith('askToJoin'))") == ["askToJoin(Sam)"]

        gallery.show(page, "call-people")
        keys.press("F2")
        assert page.evaluate("document.activeElement.closest('[role=toolbar]') !== null")
        page.locator("#tool-people").focus()
        keys.press("Enter")
        assert page.locator("aside").count() == 0
        assert focused(page) == "button People"
        keys.press("Enter")
        assert focused(page) == "h2 People"
        while focused(page) != "button Admit Quiet Heron":
            keys.press("Shift+Tab" if focused(page) == "button People" else "Tab")
        keys.press("Enter")
        page.get_by_role("button", name="Admit Quiet Heron").wait_for(state="detached")
        # The pressed button is gone: the focus is in the panel, not at the page's start.
        page.wait_for_function("document.activeElement.closest('aside') !== null")
        remove = page.get_by_role("button", name="Remove Lindiwe")
        remove.focus()
        keys.press("Enter")
        dialog = page.get_by_role("dialog", name="Remove Lindiwe?")
        dialog.wait_for()
        assert focused(page) == "button Cancel"
        keys.press("Escape")
        dialog.wait_for(state="detached")
        assert focused(page) == "button Remove Lindiwe"
        keys.press("Escape")
        assert focused(page) == "button People"
        keys.press("Alt+Shift+C")
        assert focused(page) == "h2 Chat"
        page.get_by_role("textbox", name="Message").focus()
        keys.type("hello")
        keys.press("Enter")
        page.get_by_role("log", name="Messages").get_by_text("hello").wait_for()
        assert focused(page) == "textarea Message"
        keys.press("Control+d")
        assert page.evaluate("gallery.calls.at(-1)") == "setMicrophone(false)"


def test_the_encryption_is_checked_by_keyboard_alone(gallery: Gallery) -> None:
    with gallery.page(1280, 900) as page:
        gallery.show(page, "call-check-started")
        keys = page.keyboard
        page.get_by_role("button", name="Open the check").focus()
        keys.press("Enter")
        dialog = page.get_by_role("dialog", name="Check encryption")
        dialog.get_by_role("status").filter(has_text="The eight emoji appear").wait_for()
        assert focused(page) == "button Close"
        page.evaluate(
            """() => { const { encryption } = gallery.model; const { value } = encryption;
            const emoji = Array.from({ length: 8 }, () => ({ symbol: "🦉", name: "emoji-owl" }));
            encryption.value = { ...value, check: { ...value.check, state: "done", at: new Date(), emoji } }; }"""
        )
        emoji = dialog.get_by_role("list", name="Emoji", exact=True)
        emoji.wait_for()
        assert emoji.get_by_role("listitem").all_inner_texts() == ["🦉\nOwl"] * 8
        assert "list" in emoji.aria_snapshot()
        assert "🦉" not in emoji.aria_snapshot()
        # What was open keeps the focus while the round goes on.
        assert focused(page) == "button Close"
        keys.press("Tab")
        assert focused(page) == "button They do not match"
        keys.press("Tab")
        assert focused(page) == "button Mark as checked"
        keys.press("Enter")
        dialog.wait_for(state="detached")
        assert page.evaluate("gallery.calls.at(-1)") == "markChecked"
        # The button that opened it is gone with its notice: the focus is on the stage, not lost.
        assert page.evaluate("document.activeElement.id") == "main"
        page.get_by_role("button", name="Encrypted and checked. Check encryption").focus()
        keys.press("Enter")
        dialog.wait_for()
        keys.press("Escape")
        dialog.wait_for(state="detached")
        assert focused(page) == "button Encrypted and checked. Check encryption"


def test_arrow_keys_are_mirrored_from_right_to_left(gallery: Gallery) -> None:
    with gallery.page(1280, 900) as page:
        gallery.show(page, "call-6", locale="ar-XB")
        page.keyboard.press("F2")
        page.keyboard.press("ArrowLeft")
        tools = "[...document.querySelectorAll('[role=toolbar] button')].indexOf(document.activeElement)"
        assert page.evaluate(tools) == 1
        left = [box["x"] for tool in page.locator(".tool").all() if (box := tool.bounding_box())]
        assert left == sorted(left, reverse=True)


def test_back_in_a_call_asks_first(gallery: Gallery) -> None:
    with gallery.page(800, 800) as page:
        gallery.show(page, "call-6")
        page.locator(".tool").first.click()
        page.go_back(wait_until="commit")
        page.get_by_role("dialog", name="Leave the meeting?").wait_for()
        page.get_by_role("button", name="Stay").click()
        assert page.locator(".tile").count() == 6
        assert page.title() == "Hearthside"


def test_focus_is_always_visible(gallery: Gallery) -> None:
    with gallery.page(1280, 900) as page:
        for scene in ["before-open", "call-people", "call-more", "call-check", "organiser"]:
            for theme in ["dark", "light", "contrast"]:
                gallery.show(page, scene, theme=theme)
                for _ in range(40):
                    page.keyboard.press("Tab")
                    ring = page.evaluate(
                        """() => { const e = document.activeElement; const s = getComputedStyle(e);
                        const ring = s.outlineStyle === "solid" && parseFloat(s.outlineWidth) >= 2;
                        return ring || e === document.body; }"""
                    )
                    assert ring, (scene, theme, focused(page))
