import pytest

from sfu.forwarding.layer_rates import SAMPLE, WINDOW, LayerRates
from sfu.rtp.layers import FrameLayer

T0, T2, S1 = FrameLayer(), FrameLayer(temporal=2), FrameLayer(spatial=1)


def run(rates: LayerRates, since: float, until: float, *sent: tuple[FrameLayer, int]) -> None:
    """Add so many bytes of each layer every 10 ms."""
    for tick in range(round(since * 100), round(until * 100)):
        for layer, octets in sent:
            rates.octets[layer.index] += octets
        rates.sample(now=tick / 100)


def test_it_says_when_to_look() -> None:
    rates = LayerRates()
    assert rates.next_deadline() < 0
    assert rates.sample(now=3.0)
    assert rates.next_deadline() == 3.0 + SAMPLE
    assert not rates.sample(now=3.0 + SAMPLE - 0.01)


def test_each_layer_is_measured_by_itself() -> None:
    rates = LayerRates()
    assert rates.measured() == {}
    run(rates, 0, 3, (T0, 100), (T2, 50), (S1, 200))
    assert rates.measured() == {
        (0, 0): pytest.approx(80_000, rel=0.02),
        (0, 2): pytest.approx(40_000, rel=0.02),
        (1, 0): pytest.approx(160_000, rel=0.02),
    }


def test_what_stopped_leaves_the_window() -> None:
    rates = LayerRates()
    run(rates, 0, 3, (T0, 100), (T2, 50))
    run(rates, 3, 3 + SAMPLE * (WINDOW + 1), (T0, 100))
    assert set(rates.measured()) == {(0, 0)}


def test_a_silence_does_not_count() -> None:
    rates = LayerRates()
    run(rates, 0, 3, (T0, 100))
    rates.restart()
    assert rates.measured() == {}
    run(rates, 60, 62, (T0, 200))
    assert rates.measured()[0, 0] == pytest.approx(160_000, rel=0.02)


def test_samples_are_spaced() -> None:
    rates = LayerRates()
    assert [rates.sample(now=tick / 10) for tick in range(11)] == [tick % 5 == 0 for tick in range(11)]
