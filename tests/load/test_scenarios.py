"""Who gets how much in each scenario."""

from dataclasses import replace

import pytest

from tests.load.scenarios import LARGE, PICTURE, SCENARIOS, SMALL, SOUND, Format, outgoing, traffic


def test_all_to_all() -> None:
    assert outgoing(SCENARIOS["12"]) == 12 * 11 * (SOUND.rate + PICTURE.rate)
    assert outgoing(SCENARIOS["1-to-20"]) == 20 * (SOUND.rate + PICTURE.rate)


def test_with_one_speaker_everybody_gets_one_large_picture_eight_small_ones_and_six_voices() -> None:
    scenario = SCENARIOS["one-speaker"]
    for person in range(scenario.people):
        wishes = scenario.wishes(person)
        assert person not in wishes
        assert sorted(wishes.values()) == [180] * 8 + [720]
    assert outgoing(scenario) == 6 * 29 * SOUND.rate + 30 * LARGE.rate + 30 * 8 * SMALL.rate


def test_many_small_rooms_are_many_meetings() -> None:
    scenario = SCENARIOS["10x4"]
    assert outgoing(scenario) == 10 * 4 * 3 * (SOUND.rate + PICTURE.rate)
    assert traffic(scenario).startswith("10 rooms of 4 people, 4 send; 13200 packets out/s; ")


def test_in_simulcast_every_encoding_is_watched_by_somebody() -> None:
    scenario = SCENARIOS["simulcast"]
    for person in range(scenario.people):
        assert sorted(scenario.wishes(person).values()) == [180] * 7 + [360] * 3 + [720]
    assert [scenario.receivers(0, form) for form in scenario.formats] == [11, 7, 3, 1]


def test_people_come_and_go_only_where_all_send_to_all() -> None:
    assert {name for name, scenario in SCENARIOS.items() if scenario.all_to_all} == {
        "6", "12", "20", "30", "10x4", "12-layers"
    }  # fmt: skip


def test_only_meetings_that_differ_in_number_alone_are_one_curve() -> None:
    assert {name for name, scenario in SCENARIOS.items() if scenario.all_to_all_once} == {"6", "12", "20", "30"}


def test_layers_change_nothing_but_what_packets_say() -> None:
    layered = SCENARIOS["12-layers"]
    assert outgoing(layered) == outgoing(SCENARIOS["12"])
    assert layered.formats == (SOUND, replace(PICTURE, layers=3))
    assert traffic(layered).endswith("720 lines 60 x 1100 B in 3 temporal layers")


@pytest.mark.parametrize(("form", "kbits"), [(SMALL, 150), (PICTURE, 528), (LARGE, 1512), (SOUND, 40)])
def test_formats_take_what_they_say(form: Format, kbits: int) -> None:
    assert round(form.rate * form.size * 8 / 1000) == kbits
