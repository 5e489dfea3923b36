"""What the SFU's tests share: where packets are sent, each runs with Python's hot path and the compiled one."""

from collections.abc import Iterator

import pytest

from tests.sfu import twin


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run twice what may send: not parsers and the like."""
    path = metafunc.definition.path
    if path.parent.name in {"sfu", "forwarding", "bwe", "io"} and path.name != "test_twins.py":
        metafunc.parametrize("hot_path", twin.KINDS, indirect=True)


@pytest.fixture(autouse=True)
def hot_path(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which of the two."""
    chosen: str = getattr(request, "param", twin.KINDS[-1])
    with twin.using(chosen):
        yield chosen
