"""The control interface crosses a pipe: whatever is asked, answered or reported is read there as it was written."""

from __future__ import annotations

import functools
import operator
from typing import Any, get_args, get_origin

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu import control

FAMILIES: dict[str, list[type[msgspec.Struct]]] = {
    base.__name__: list(base.__subclasses__()) for base in (control.Request, control.Response, control.Event)
}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """What a field of this type may hold; numbers are ports, SSRCs, clock rates and payload types."""
    if kind is int:
        return st.integers(0, (1 << 32) - 1)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return st.builds(kind, **{part.name: values(part.type) for part in msgspec.structs.fields(kind)})
    if get_origin(kind) is list:
        return st.lists(values(*get_args(kind)), max_size=3)
    if type(None) in get_args(kind):
        return st.one_of([values(part) if part is not type(None) else st.none() for part in get_args(kind)])
    return st.from_type(kind)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_message_is_read_as_the_one_that_it_was(family: str) -> None:
    kinds = FAMILIES[family]
    assert len(kinds) > 2
    decoder: msgspec.msgpack.Decoder[msgspec.Struct] = msgspec.msgpack.Decoder(functools.reduce(operator.or_, kinds))

    @given(st.one_of([values(kind) for kind in kinds]))
    def crosses(message: msgspec.Struct) -> None:
        read = decoder.decode(msgspec.msgpack.encode(message))
        assert type(read) is type(message)
        assert read == message

    crosses()


def test_no_two_messages_have_one_name() -> None:
    tags = [kind.__struct_config__.tag for kinds in FAMILIES.values() for kind in kinds]
    assert len(tags) == len(set(tags))


def test_what_was_asked_cannot_be_changed_on_its_way() -> None:
    asked = control.CloseRoom("room")
    with pytest.raises(AttributeError, match="immutable"):
        asked.room = "another"  # type: ignore[misc]  # that it is forbidden is what is shown
