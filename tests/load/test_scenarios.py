"""Who gets how much in each scenario."""

import pytest

from tests.load.scenarios import LARGE, PICTURE, SCENARIOS, SMALL, SOUND, Format, Scenario


def rate(scenario: Scenario) -> int:
    """Packets out a second."""
    return sum(
        scenario.receivers(person, form) * form.rate
        for person in range(scenario.publishers)
        for form in scenario.formats
    )


def test_all_to_all() -> None:
    assert rate(SCENARIOS["12"]) == 12 * 11 * (SOUND.rate + PICTURE.rate)
    assert rate(SCENARIOS["1-to-20"]) == 20 * (SOUND.rate + PICTURE.rate)


def test_with_one_speaker_everybody_gets_one_large_picture_eight_small_ones_and_six_voices() -> None:
    scenario = SCENARIOS["one-speaker"]
    for person in range(scenario.people):
        wishes = scenario.wishes(person)
        assert person not in wishes
        assert sorted(wishes.values()) == [180] * 8 + [720]
    assert rate(scenario) == 6 * 29 * SOUND.rate + 30 * LARGE.rate + 30 * 8 * SMALL.rate


@pytest.mark.parametrize(("form", "kbits"), [(SMALL, 150), (PICTURE, 528), (LARGE, 1512), (SOUND, 40)])
def test_formats_take_what_they_say(form: Format, kbits: int) -> None:
    assert round(form.rate * form.size * 8 / 1000) == kbits
