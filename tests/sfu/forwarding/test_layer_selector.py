from hypothesis import given
from hypothesis import strategies as st

from sfu.forwarding.layer_selector import LayerSelector
from sfu.rtp.layers import MAX_SPATIAL, MAX_TEMPORAL, FrameLayer

T0 = FrameLayer(temporal=0, starts_frame=True, switches=0b111)
T0_REST = FrameLayer(temporal=0)
T1 = FrameLayer(temporal=1, starts_frame=True)
T1_SYNC = FrameLayer(temporal=1, starts_frame=True, switches=0b010)
T2 = FrameLayer(temporal=2, starts_frame=True)
T2_REST = FrameLayer(temporal=2)
KEY = FrameLayer(starts_frame=True, key_frame=True, switches=0b1111)


def passed(selector: LayerSelector, *layers: FrameLayer, in_order: bool = True) -> list[bool]:
    return [selector.admits(layer, in_order=in_order) for layer in layers]


def test_everything_passes_at_first() -> None:
    selector = LayerSelector()
    assert selector.open
    assert passed(selector, T0, T2, T1, T2, FrameLayer(spatial=MAX_SPATIAL, temporal=MAX_TEMPORAL)) == [True] * 5


def test_less_holds_from_the_next_frame_on() -> None:
    selector = LayerSelector()
    passed(selector, T0, T2)
    selector.want(MAX_SPATIAL, 0)
    assert not selector.open
    assert passed(selector, T2_REST) == [True], "half a frame is worth nothing"
    assert passed(selector, T1, T2, T0, T0_REST, T2) == [False, False, True, True, False]


def test_more_waits_for_a_switching_point() -> None:
    selector = LayerSelector()
    selector.want(MAX_SPATIAL, 0)
    selector.begin()
    selector.want(MAX_SPATIAL, 2)
    assert passed(selector, T2, T1, T2) == [False] * 3
    assert passed(selector, T0_REST, T2) == [True, False], "only where a frame begins"
    assert passed(selector, T0, T2, T1, T2) == [True] * 4


def test_a_frame_that_needs_the_base_layer_alone_may_be_the_first_of_its_own() -> None:
    selector = LayerSelector()
    selector.want(MAX_SPATIAL, 0)
    selector.begin()
    selector.want(MAX_SPATIAL, 2)
    assert passed(selector, T1_SYNC, T2, T1) == [True, False, True]


def test_a_switching_point_of_a_layer_that_was_left_out_proves_nothing_for_those_above() -> None:
    selector = LayerSelector()
    selector.want(MAX_SPATIAL, 0)
    selector.begin()
    selector.want(MAX_SPATIAL, 2)
    assert passed(selector, FrameLayer(temporal=1, starts_frame=True, switches=0b100), T2) == [False, False]


def test_a_switching_point_that_comes_late_does_not_count() -> None:
    selector = LayerSelector()
    selector.want(MAX_SPATIAL, 0)
    selector.begin()
    selector.want(MAX_SPATIAL, 2)
    passed(selector, T0, in_order=False)
    assert passed(selector, T2) == [False]


def test_spatial_layers_go_at_once_and_come_at_a_key_frame() -> None:
    selector = LayerSelector()
    top = FrameLayer(spatial=2, starts_frame=True)
    selector.want(0, MAX_TEMPORAL)
    assert passed(selector, top) == [True], "the picture that has begun is finished"
    assert passed(selector, T0, top) == [True, False]
    selector.want(2, MAX_TEMPORAL)
    assert selector.waits_for_key_frame
    assert passed(selector, T0, top) == [True, False]
    assert passed(selector, KEY, top) == [True, True]


def test_higher_spatial_layers_move_no_limits() -> None:
    selector = LayerSelector()
    selector.want(MAX_SPATIAL, 0)
    upper = FrameLayer(spatial=1, temporal=2, starts_frame=True)
    assert passed(selector, upper) == [True]
    assert passed(selector, T0, upper) == [True, False]


LAYERS = st.builds(
    FrameLayer,
    spatial=st.integers(0, MAX_SPATIAL),
    temporal=st.integers(0, MAX_TEMPORAL),
    starts_frame=st.booleans(),
    switches=st.integers(0, 15),
)
WANTS = st.tuples(st.integers(0, MAX_SPATIAL), st.integers(0, MAX_TEMPORAL))


@given(st.lists(st.one_of(WANTS, st.just("begin"), st.tuples(LAYERS, st.booleans())), max_size=40))
def test_limits_never_rise_beyond_what_is_wanted_and_the_lowest_layer_always_passes(steps: list[object]) -> None:
    selector = LayerSelector()
    wanted = (MAX_SPATIAL, MAX_TEMPORAL)
    for step in steps:
        before = selector.spatial, selector.temporal
        match step:
            case "begin":
                selector.begin()
                assert (selector.spatial, selector.temporal) == wanted
                continue
            case (int(spatial), int(temporal)):
                wanted = spatial, temporal
                selector.want(spatial, temporal)
                assert (selector.spatial, selector.temporal) == before
            case (FrameLayer() as layer, bool(in_order)):
                admitted = selector.admits(layer, in_order=in_order)
                after = selector.spatial, selector.temporal
                assert admitted == (layer.spatial <= after[0] and layer.temporal <= after[1])
                assert all(new <= max(old, want) for new, old, want in zip(after, before, wanted, strict=True))
                if not (in_order and layer.starts_frame):
                    assert after == before
        assert selector.admits(T0_REST, in_order=True)
        assert selector.open == (
            selector.spatial == wanted[0] == MAX_SPATIAL and selector.temporal == wanted[1] == MAX_TEMPORAL
        )
