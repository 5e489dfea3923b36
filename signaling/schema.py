"""Write what `messages.py` and `sfu/control.py` declare where people and the client read it.

``python -m signaling.schema`` fills the tables of ``docs/protocol.md`` and writes ``web/client/protocol_types.ts``;
``--check`` only says whether both are current. Types, limits and texts come from the source of the declarations, so
that there is one place to change. Runs in a checkout; an installed server never needs it.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import msgspec

from sfu import control
from signaling import messages

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "protocol.md"
TYPES = ROOT / "web" / "client" / "protocol_types.ts"

_TYPESCRIPT_NAMES = {"str": "string", "int": "number", "bool": "boolean", "None": "null"}
_LIMITS = {
    "pattern": "`{0}`",
    "min_length": "at least {0} long",
    "max_length": "at most {0} long",
    "ge": "≥ {0}",
    "le": "≤ {0}",
    "description": "{0}",
}


@dataclass(frozen=True)
class Field:
    """One field of a struct, as its source declares it."""

    name: str
    annotation: ast.expr
    optional: bool
    meaning: str


@dataclass(frozen=True)
class Declaration:
    """One struct: class name, its tag on the wire (None for parts), docstring, fields in order."""

    name: str
    tag: str | None
    meaning: str
    fields: list[Field]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def declaration(struct: type[msgspec.Struct]) -> Declaration:
    """Read a struct's own source: msgspec keeps neither the docstrings of fields nor the names of aliases."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(struct))).body[0]
    assert isinstance(tree, ast.ClassDef)
    fields: list[Field] = []
    for node, following in zip(tree.body, [*tree.body[1:], None], strict=True):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        meaning = ""
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            meaning = _one_line(str(following.value.value))
        fields.append(Field(node.target.id, node.annotation, node.value is not None, meaning))
    tag = struct.__struct_config__.tag
    return Declaration(struct.__name__, None if tag is None else str(tag), _one_line(struct.__doc__ or ""), fields)


def _meta(module: types.ModuleType, call: ast.expr) -> msgspec.Meta:
    """Evaluate a `msgspec.Meta(...)` of our own source, so that names in it (limits) resolve."""
    source = compile(ast.Expression(call), module.__name__, "eval")
    meta = eval(source, vars(module))  # noqa: S307 - the text is this package's own source file
    assert isinstance(meta, msgspec.Meta)
    return meta


def _limits(meta: msgspec.Meta) -> str:
    parts = [form.format(value) for name, form in _LIMITS.items() if (value := getattr(meta, name)) is not None]
    return ", ".join(parts).replace(r"\Z", "$")  # Python's `$` lets a line feed follow; readers know `$` as the end


def _walk(node: ast.expr, name: Callable[[str], str], many: str, mapping: str, module: types.ModuleType | None) -> str:
    """Write an annotation as text. `many` and `mapping` are formats; with `module` limits are written out."""

    def again(inner: ast.expr) -> str:
        return _walk(inner, name, many, mapping, module)

    match node:
        case ast.Name(id=identifier):
            return name(identifier)
        case ast.Constant(value=None):
            return name("None")
        case ast.BinOp(left=left, right=right, op=ast.BitOr()):
            return f"{again(left)} | {again(right)}"
        case ast.Subscript(value=ast.Name(id="list"), slice=item):
            return many.format(again(item))
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[key, value])):
            return mapping.format(again(key), again(value))
        case ast.Subscript(value=ast.Name(id="Literal"), slice=choice):
            return _literal(choice)
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, call])):
            limits = f" ({_limits(_meta(module, call))})" if module else ""
            return again(inner) + limits
    raise ValueError(f"no rule to write {ast.unparse(node)}")


def _literal(choice: ast.expr) -> str:
    elements = choice.elts if isinstance(choice, ast.Tuple) else [choice]
    return " | ".join(f'"{element.value!s}"' for element in elements if isinstance(element, ast.Constant))


def _aliases(module: types.ModuleType) -> dict[str, ast.expr]:
    """Module-level names that stand for an `Annotated` or a `Literal` type, in the order of the source."""
    found: dict[str, ast.expr] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Subscript(value=ast.Name(id=kind)) as value):
                if kind in {"Annotated", "Literal"}:
                    found[name] = value
    return found


def _structs(module: types.ModuleType) -> list[type[msgspec.Struct]]:
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, msgspec.Struct) and value.__module__ == module.__name__
    ]


def client_messages() -> list[type[msgspec.Struct]]:
    """The messages that a client may send, in the order of their declaration."""
    return list(get_args(messages.AnyClientMessage))


def server_messages() -> list[type[msgspec.Struct]]:
    """The messages that a server may send, in the order of their declaration."""
    return list(get_args(messages.AnyServerMessage))


def _parts() -> list[type[msgspec.Struct]]:
    found = [s for s in _structs(messages) if not issubclass(s, messages.Message)]
    return [s for s in found if not s.__name__.startswith("_")]


# -- Markdown -------------------------------------------------------------------------------------------------------


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("``", "`")


def _doc_type(annotation: ast.expr, module: types.ModuleType) -> str:
    return _walk(annotation, str, "list of {0}", "map of {0} to {1}", module)


def _doc_struct(struct: type[msgspec.Struct], module: types.ModuleType, arrow: str) -> list[str]:
    told = declaration(struct)
    lines = [f"#### `{told.tag or told.name}`{arrow}", "", told.meaning.replace("``", "`"), ""]
    if told.fields:
        lines += ["| field | type | meaning |", "|---|---|---|"]
        for field in told.fields:
            optional = " (optional)" if field.optional else ""
            kind = _cell(_doc_type(field.annotation, module))
            lines.append(f"| `{field.name}`{optional} | {kind} | {_cell(field.meaning)} |")
        lines.append("")
    return lines


def _doc_aliases(module: types.ModuleType) -> list[str]:
    lines = ["| type | what it is |", "|---|---|"]
    for name, node in _aliases(module).items():
        if name not in {"ErrorCode", "Refusal"}:
            lines.append(f"| {name} | {_cell(_doc_type(node, module))} |")
    return [*lines, ""]


def message_tables() -> str:
    """The part of section 3 between its markers."""
    lines = ["### Types", "", f"Subprotocol `{messages.PROTOCOL}`. Optional fields may be absent.", ""]
    lines += _doc_aliases(messages)
    for struct in _parts():
        lines += _doc_struct(struct, messages, "")
    lines += ["### From client to server", ""]
    for struct in client_messages():
        lines += _doc_struct(struct, messages, " · client → server")
    lines += ["### From server to client", ""]
    for struct in server_messages():
        lines += _doc_struct(struct, messages, " · server → client")
    lines += ["### Error codes", "", "A refused message has changed nothing.", "", "| code | meaning |", "|---|---|"]
    lines += [f"| `{code}` | {_cell(meaning)} |" for code, meaning in messages.ERROR_MEANINGS.items()]
    lines += ["", "### Codes of `mls_refused`", "", "| code | meaning |", "|---|---|"]
    lines += [f"| `{code}` | {_cell(meaning)} |" for code, meaning in messages.REFUSAL_MEANINGS.items()]
    lines += ["", "### Close codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {code} | {_cell(meaning)} |" for code, meaning in messages.CLOSE_CODES.items()]
    return "\n".join(lines) + "\n"


def control_tables() -> str:
    """The part of section 7 between its markers."""
    families = {"Requests": control.Request, "Responses": control.Response, "Events": control.Event}
    structs = _structs(control)
    lines = [_one_line((inspect.getdoc(control) or "").split("\n\n")[1]), "", "### Types of the control interface", ""]
    lines += _doc_aliases(control)
    for struct in structs:
        if not issubclass(struct, tuple(families.values())):
            lines += _doc_struct(struct, control, "")
    for title, base in families.items():
        lines += [f"### {title}", ""]
        for struct in structs:
            if issubclass(struct, base) and struct is not base:
                lines += _doc_struct(struct, control, "")
    return "\n".join(lines)


def _between(document: str, name: str, end: str, content: str) -> str:
    start = document.index("\n", document.index(f"<!-- {name}: ")) + 1
    return document[:start] + "\n" + content + "\n" + document[document.index(f"<!-- {end} -->", start) :]


def render_document(document: str) -> str:
    """`docs/protocol.md` with fresh tables. Raises ValueError if a marker is missing."""
    document = _between(document, "messages", "end of messages", message_tables())
    return _between(document, "control", "end of control", control_tables())


# -- TypeScript -----------------------------------------------------------------------------------------------------


def _ts_type(annotation: ast.expr) -> str:
    return _walk(annotation, lambda n: _TYPESCRIPT_NAMES.get(n, n), "{0}[]", "Record<{0}, {1}>", None)


def _ts_struct(struct: type[msgspec.Struct]) -> list[str]:
    told = declaration(struct)
    name = told.name if told.tag is None else f"{told.name}Message"
    lines = [f"/** {told.meaning.replace('``', '`')} */", f"export interface {name} {{"]
    if told.tag is not None:
        lines.append(f'  type: "{told.tag}";')
    for field in told.fields:
        if field.meaning:
            lines.append(f"  /** {field.meaning.replace('``', '`')} */")
        lines.append(f"  {field.name}{'?' if field.optional else ''}: {_ts_type(field.annotation)};")
    return [*lines, "}", ""]


def _ts_union(name: str, members: Iterable[str]) -> list[str]:
    *rest, last = [f"  | {member}" for member in members]
    return [f"export type {name} =", *rest, last + ";", ""]


def typescript() -> str:
    """The client's `protocol_types.ts`."""
    lines = ["// Written by `python -m signaling.schema` from signaling/messages.py; do not edit.", ""]
    for name in ("PROTOCOL", "MAX_MESSAGE_BYTES", "MAX_SDP_CHARS", "MAX_SAY_CHARS", "MAX_KNOCK_CHARS", "MAX_TRACKS"):
        value = getattr(messages, name)
        lines.append(
            f'export const {name} = "{value}";' if isinstance(value, str) else f"export const {name} = {value};"
        )
    lines.append("")
    for name, node in _aliases(messages).items():
        written = _ts_type(node)
        line = f"export type {name} = {written};"
        lines += [line, ""] if len(line) <= 120 else _ts_union(name, written.split(" | "))
    for struct in [*_parts(), *client_messages(), *server_messages()]:
        lines += _ts_struct(struct)
    lines += _ts_union("ClientMessage", [f"{s.__name__}Message" for s in client_messages()])
    lines += _ts_union("ServerMessage", [f"{s.__name__}Message" for s in server_messages()])
    lines += ["/** Why the server closed a socket. */", "export const CLOSE_CODES = {"]
    lines += [f'  {code}: "{meaning}",' for code, meaning in messages.CLOSE_CODES.items()]
    return "\n".join([*lines, "} as const;"]) + "\n"


# -- Command --------------------------------------------------------------------------------------------------------


def outdated() -> dict[Path, str]:
    """The files that are not current, and what they should hold."""
    document = DOCUMENT.read_text("utf-8")
    wanted = {DOCUMENT: render_document(document), TYPES: typescript()}
    return {path: text for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text}


def main(arguments: list[str]) -> int:
    """Write what is outdated, or with ``--check`` name it. Exit status 1: something was outdated and left so."""
    stale = outdated()
    for path, text in stale.items():
        if "--check" in arguments:
            sys.stderr.write(f"{path.relative_to(ROOT)} is not current: run python -m signaling.schema\n")
        else:
            path.write_text(text, "utf-8")
            sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
