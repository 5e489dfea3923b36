"""The contract that people and the client read is the one that the code speaks."""

from __future__ import annotations

import ast
import re

import pytest

from signaling import messages, schema


def _headings(section: str) -> list[str]:
    return re.findall(r"^#### `([^`]+)`", section, re.MULTILINE)


def _section(start: str, end: str) -> str:
    document = schema.DOCUMENT.read_text("utf-8")
    return document[document.index(start) : document.index(end)]


def _tags(base: type[messages.Message]) -> list[str]:
    declared = [v for v in vars(messages).values() if isinstance(v, type) and issubclass(v, base) and v is not base]
    return [str(struct.__struct_config__.tag) for struct in declared]


def test_the_document_lists_exactly_the_declared_messages() -> None:
    up = _section("### From client to server", "### From server to client")
    down = _section("### From server to client", "### Error codes")
    assert _headings(up) == _tags(messages.ClientMessage)
    assert _headings(down) == _tags(messages.ServerMessage)


def test_every_declared_message_can_travel() -> None:
    assert [str(s.__struct_config__.tag) for s in schema.client_messages()] == _tags(messages.ClientMessage)
    assert [str(s.__struct_config__.tag) for s in schema.server_messages()] == _tags(messages.ServerMessage)


def test_the_document_lists_every_error_and_close_code() -> None:
    codes = re.findall(
        r"^\| `?([a-z_0-9]+)`? \|", _section("### Error codes", "<!-- end of messages -->"), re.MULTILINE
    )
    wanted = [*messages.ERROR_MEANINGS, *messages.REFUSAL_MEANINGS, *map(str, messages.CLOSE_CODES)]
    assert [code for code in codes if code != "code"] == wanted


def test_document_and_client_types_are_current() -> None:
    assert schema.outdated() == {}, "run python -m signaling.schema"


def test_check_names_what_is_outdated(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "typescript", lambda: "something else")
    assert schema.main(["--check"]) == 1
    assert "web/client/protocol_types.ts is not current" in capsys.readouterr().err


def test_limits_are_written_out() -> None:
    assert "at most 1024 long" in _section("#### `mls_register`", "#### `mls_offer`")


def test_an_annotation_without_a_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="no rule to write"):
        schema._ts_type(ast.parse("tuple[int, int]", mode="eval").body)
