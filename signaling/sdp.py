"""Reading and writing SDP (RFC 8866), as far as WebRTC (JSEP, RFC 8829) needs it between a browser and the SFU.

`read` turns a browser's text into a `Session`, `write` turns a `Session` into text; both are pure. What the server has
no use for (the browser's candidates, unknown attributes) is passed over; what it does read is checked, so that nothing
from a browser reaches the SFU or another browser unchecked. Every text that is not good SDP, however hostile, ends in
`SdpError` and in nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sfu.control import Candidate
from signaling.messages import MAX_SDP_CHARS

MAX_MEDIA = 200
"""m-lines in one description. A meeting of 50 with two tracks each needs 98; a browser's work grows with the number."""

MAX_LINE_CHARS = 4_096
"""Characters in one line. Browsers stay under 300; only a hostile text is longer."""

MAX_ITEMS = 128
"""Formats, header extensions, SSRCs, rids or feedback lines of one m-line. Chromium's longest list has 60."""

DIGEST_BYTES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
"""Certificate hashes that are accepted (RFC 8122, section 5), with their length. Weaker ones are passed over."""

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")

_NUMBER = re.compile(r"[0-9]{1,20}")
_MID = re.compile(r"[A-Za-z0-9]{1,16}")
_RID = re.compile(r"[A-Za-z0-9_-]{1,16}")
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PWD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_TOKEN = re.compile(r"[A-Za-z0-9.!#$%&'*+^_`{|}~-]{1,64}")
_PROTOCOL = re.compile(r"[A-Za-z0-9/]{1,32}")
_TEXT = re.compile(r"[\x20-\x7e]{1,1024}")
_HEX_PAIRS = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2})*")


class SdpError(ValueError):
    """The text is not SDP that can be used. The message says what is wrong and quotes nothing of it."""


@dataclass(slots=True)
class Format:
    """One payload format of an m-line: ``a=rtpmap`` with its ``a=fmtp`` and ``a=rtcp-fb`` lines."""

    payload_type: int
    name: str = ""
    """Encoding name as written; compare without case. Empty for a payload type that has no ``a=rtpmap``."""
    clock_rate: int = 0
    """Hz."""
    channels: int = 1
    parameters: str = ""
    feedback: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Extension:
    """One ``a=extmap`` (RFC 8285, section 5)."""

    id: int
    uri: str
    direction: str = "sendrecv"


@dataclass(slots=True)
class Fingerprint:
    """One ``a=fingerprint``: algorithm in lower case, value as upper-case hex pairs with colons (RFC 8122)."""

    algorithm: str
    value: str


@dataclass(slots=True)
class Media:
    """One m-line. Transport attributes given for the whole session are copied into it by `read`."""

    kind: str
    mid: str = ""
    port: int = 9
    """0 means rejected, unless `bundle_only`."""
    protocol: str = "UDP/TLS/RTP/SAVPF"
    direction: str = "sendrecv"
    bundle_only: bool = False
    ice_ufrag: str = ""
    ice_pwd: str = ""
    fingerprints: list[Fingerprint] = field(default_factory=list)
    setup: str = ""
    formats: list[Format] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    rtcp_mux: bool = False
    rtcp_rsize: bool = False
    msid: str = ""
    ssrcs: dict[int, str] = field(default_factory=dict)
    """CNAME by SSRC, in the order of the text; "" where none was given."""
    fid_groups: list[tuple[int, int]] = field(default_factory=list)
    """``a=ssrc-group:FID``: a stream's SSRC and that of its retransmissions (RFC 5576, RFC 4588)."""
    rids: dict[str, str] = field(default_factory=dict)
    """"send" or "recv" by rid (RFC 8851)."""
    simulcast_send: list[str] = field(default_factory=list)
    """The first choice of each simulcast stream (RFC 8853), lowest first as browsers write them."""
    simulcast_recv: list[str] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    """Written, never read: a lite agent answers where it is asked from."""

    @property
    def rejected(self) -> bool:
        """Whether the m-line is out of use for good (RFC 8829, section 5.2.2)."""
        return self.port == 0 and not self.bundle_only


@dataclass(slots=True)
class Session:
    """One session description."""

    id: int = 0
    """Of the ``o=`` line: of one connection always the same, of another one another (RFC 8829, section 5.2.1). Written,
    never read."""
    version: int = 0
    """Of the ``o=`` line; rises with each description of the same connection."""
    ice_lite: bool = False
    extmap_allow_mixed: bool = False
    bundle: list[str] = field(default_factory=list)
    """MIDs of the one ``a=group:BUNDLE`` (RFC 9143)."""
    media: list[Media] = field(default_factory=list)


# -- Reading --------------------------------------------------------------------------------------------------------


def read(text: str) -> Session:
    """Read a session description. Raises `SdpError` for whatever is malformed, out of bounds or contradictory."""
    if len(text) > MAX_SDP_CHARS:
        raise SdpError("too long")
    session = Session()
    common = Media(kind="session", direction="")
    media: Media | None = None
    groups = 0
    lines = _lines(text)
    if next(lines, None) != ("v", "0"):
        raise SdpError("does not begin with v=0")
    for letter, value in lines:
        if letter == "m":
            media = _read_m_line(value)
            session.media.append(media)
            if len(session.media) > MAX_MEDIA:
                raise SdpError("too many m-lines")
        elif letter == "o" and media is None:
            session.version = _read_version(value)
        elif letter == "a":
            name, _, argument = value.partition(":")
            if name == "extmap-allow-mixed":
                # At session level it holds for all; browsers that write it on m-lines write it on all (RFC 8285, 6).
                session.extmap_allow_mixed = True
            elif media is not None:
                _read_attribute(media, name, argument)
            elif name == "ice-lite":
                session.ice_lite = True
            elif name == "group" and argument.startswith("BUNDLE"):
                groups += 1
                session.bundle = [_match(_MID, mid, "bad BUNDLE group") for mid in argument.split()[1:]]
            elif name in _SESSION_ATTRIBUTES:
                _read_attribute(common, name, argument)
    if groups > 1:
        raise SdpError("more than one BUNDLE group")
    for media in session.media:
        _inherit(media, common)
    _check(session)
    return session


_SESSION_ATTRIBUTES = ("ice-ufrag", "ice-pwd", "fingerprint", "setup", *DIRECTIONS)
"""What may stand above the m-lines and then holds for all of them. Firefox writes its fingerprint there."""


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for raw in text.split("\n"):
        line = raw.removesuffix("\r")
        if not line:
            continue
        if len(line) > MAX_LINE_CHARS:
            raise SdpError("line too long")
        if len(line) < 2 or line[1] != "=" or not line.isprintable():
            raise SdpError("not an SDP line")
        yield line[0], line[2:]


def _match(pattern: re.Pattern[str], text: str, problem: str) -> str:
    if pattern.fullmatch(text) is None:
        raise SdpError(problem)
    return text


def _number(text: str, low: int, high: int, problem: str) -> int:
    # int() alone would take signs, underscores and digits of other scripts.
    value = int(_match(_NUMBER, text, problem))
    if not low <= value <= high:
        raise SdpError(problem)
    return value


def _parts(text: str, least: int, problem: str) -> list[str]:
    parts = text.split()
    if len(parts) < least:
        raise SdpError(problem)
    return parts


def _read_version(value: str) -> int:
    parts = _parts(value, 6, "bad o= line")
    return _number(parts[2], 0, 1 << 64, "bad o= line")


def _read_m_line(value: str) -> Media:
    kind, port, protocol, *formats = _parts(value, 4, "bad m-line")
    _match(_TOKEN, kind, "bad m-line")
    media = Media(kind=kind, port=_number(port, 0, 65_535, "bad port"))
    media.protocol = _match(_PROTOCOL, protocol, "bad m-line")
    if kind in ("audio", "video"):
        if protocol != "UDP/TLS/RTP/SAVPF":
            raise SdpError("not a WebRTC m-line")
        if len(formats) > MAX_ITEMS:
            raise SdpError("too many formats")
        media.formats = [Format(_number(text, 0, 127, "bad payload type")) for text in formats]
        if len({each.payload_type for each in media.formats}) != len(formats):
            raise SdpError("payload type named twice")
    return media


def _read_attribute(media: Media, name: str, value: str) -> None:
    match name:
        case "mid":
            media.mid = _match(_MID, value, "bad mid")
        case "bundle-only":
            media.bundle_only = True
        case "rtcp-mux":
            media.rtcp_mux = True
        case "rtcp-rsize":
            media.rtcp_rsize = True
        case "ice-ufrag":
            media.ice_ufrag = _match(_UFRAG, value, "bad ICE user name")
        case "ice-pwd":
            media.ice_pwd = _match(_PWD, value, "bad ICE password")
        case "setup":
            if value not in ("active", "passive", "actpass", "holdconn"):
                raise SdpError("bad setup")
            media.setup = value
        case "fingerprint":
            _read_fingerprint(media, value)
        case "rtpmap":
            _read_rtpmap(media, value)
        case "fmtp":
            payload_type, _, parameters = value.partition(" ")
            for each in _formats(media, payload_type):
                each.parameters = _match(_TEXT, parameters.strip(), "bad fmtp")
        case "rtcp-fb":
            payload_type, _, feedback = value.partition(" ")
            for each in media.formats if payload_type == "*" else _formats(media, payload_type):
                each.feedback.append(_match(_TEXT, feedback.strip(), "bad rtcp-fb"))
                if len(each.feedback) > MAX_ITEMS:
                    raise SdpError("too many feedback lines")
        case "extmap":
            _read_extmap(media, value)
        case "msid":
            media.msid = _match(_TEXT, value, "bad msid")
        case "ssrc":
            _read_ssrc(media, value)
        case "ssrc-group":
            semantics, *ssrcs = _parts(value, 2, "bad ssrc-group")
            if semantics == "FID":
                if len(ssrcs) != 2:
                    raise SdpError("bad ssrc-group")
                media.fid_groups.append((_ssrc(ssrcs[0]), _ssrc(ssrcs[1])))
                if len(media.fid_groups) > MAX_ITEMS:
                    raise SdpError("too many SSRC groups")
        case "rid":
            rid, direction, *_ = _parts(value, 2, "bad rid")
            if direction not in ("send", "recv") or rid in media.rids or len(media.rids) >= MAX_ITEMS:
                raise SdpError("bad rid")
            media.rids[_match(_RID, rid, "bad rid")] = direction
        case "simulcast":
            _read_simulcast(media, value)
        case "sendrecv" | "sendonly" | "recvonly" | "inactive":
            media.direction = name


def _formats(media: Media, payload_type: str) -> list[Format]:
    number = _number(payload_type, 0, 127, "bad payload type")
    return [each for each in media.formats if each.payload_type == number]


def _read_fingerprint(media: Media, value: str) -> None:
    algorithm, digest = [*_parts(value, 2, "bad fingerprint"), ""][:2]
    algorithm = _match(_TOKEN, algorithm, "bad fingerprint").lower()
    digest = _match(_HEX_PAIRS, digest.upper(), "bad fingerprint")
    if algorithm in DIGEST_BYTES:
        if len(digest) != DIGEST_BYTES[algorithm] * 3 - 1:
            raise SdpError("bad fingerprint")
        media.fingerprints.append(Fingerprint(algorithm, digest))
        if len(media.fingerprints) > MAX_ITEMS:
            raise SdpError("too many fingerprints")


def _read_rtpmap(media: Media, value: str) -> None:
    payload_type, encoding, *_ = _parts(value, 2, "bad rtpmap")
    name, clock_rate, channels, *_ = [*encoding.split("/"), "", "1"]
    for each in _formats(media, payload_type):
        each.name = _match(_TOKEN, name, "bad rtpmap")
        each.clock_rate = _number(clock_rate, 1, 1_000_000, "bad rtpmap")
        each.channels = _number(channels or "1", 1, 255, "bad rtpmap")


def _read_extmap(media: Media, value: str) -> None:
    entry, uri, *_ = _parts(value, 2, "bad extmap")
    number, _, direction = entry.partition("/")
    if direction and direction not in DIRECTIONS:
        raise SdpError("bad extmap")
    # 4096 and above are offers without an id yet (RFC 8285, section 6); no browser makes them.
    extension = Extension(
        _number(number, 1, 255, "bad extmap"), _match(_TEXT, uri, "bad extmap"), direction or "sendrecv"
    )
    if any(each.id == extension.id for each in media.extensions) or len(media.extensions) >= MAX_ITEMS:
        raise SdpError("bad extmap")
    media.extensions.append(extension)


def _ssrc(text: str) -> int:
    return _number(text, 1, 0xFFFF_FFFF, "bad SSRC")


def _read_ssrc(media: Media, value: str) -> None:
    number, _, attribute = value.partition(" ")
    ssrc = _ssrc(number)
    media.ssrcs.setdefault(ssrc, "")
    if len(media.ssrcs) > MAX_ITEMS:
        raise SdpError("too many SSRCs")
    name, _, argument = attribute.partition(":")
    if name == "cname":
        media.ssrcs[ssrc] = _match(_TEXT, argument, "bad CNAME")


def _read_simulcast(media: Media, value: str) -> None:
    parts = _parts(value, 2, "bad simulcast")
    if len(parts) % 2 or len(parts) > 4 or media.simulcast_send or media.simulcast_recv:
        raise SdpError("bad simulcast")
    for direction, streams in zip(parts[::2], parts[1::2], strict=True):
        # ";" parts streams, "," their alternatives, "~" marks one that starts paused (RFC 8853, section 5.1).
        rids = [_match(_RID, stream.split(",")[0].removeprefix("~"), "bad simulcast") for stream in streams.split(";")]
        if direction not in ("send", "recv") or len(rids) > MAX_ITEMS or len(set(rids)) != len(rids):
            raise SdpError("bad simulcast")
        if direction == "send":
            media.simulcast_send = rids
        else:
            media.simulcast_recv = rids


def _inherit(media: Media, common: Media) -> None:
    media.ice_ufrag = media.ice_ufrag or common.ice_ufrag
    media.ice_pwd = media.ice_pwd or common.ice_pwd
    media.fingerprints = media.fingerprints or list(common.fingerprints)
    media.setup = media.setup or common.setup


def _check(session: Session) -> None:
    mids = [media.mid for media in session.media if media.mid]
    if len(set(mids)) != len(mids):
        raise SdpError("mid named twice")
    if len(set(session.bundle)) != len(session.bundle) or not set(session.bundle) <= set(mids):
        raise SdpError("bad BUNDLE group")
    for media in session.media:
        if any(media.rids.get(rid) != "send" for rid in media.simulcast_send):
            raise SdpError("simulcast without its rids")
        if any(media.rids.get(rid) != "recv" for rid in media.simulcast_recv):
            raise SdpError("simulcast without its rids")


# -- Writing --------------------------------------------------------------------------------------------------------


def write(session: Session) -> str:
    """Write a session description, lines ending in CRLF."""
    lines = ["v=0", f"o=- {session.id} {session.version} IN IP4 127.0.0.1", "s=-", "t=0 0"]
    if session.ice_lite:
        lines.append("a=ice-lite")
    if session.bundle:
        lines.append("a=group:BUNDLE " + " ".join(session.bundle))
    if session.extmap_allow_mixed:
        lines.append("a=extmap-allow-mixed")
    for media in session.media:
        lines += _media_lines(media)
    return "\r\n".join(lines) + "\r\n"


def _media_lines(media: Media) -> Iterator[str]:
    formats = " ".join(str(each.payload_type) for each in media.formats) or "webrtc-datachannel"
    yield f"m={media.kind} {media.port} {media.protocol} {formats}"
    yield "c=IN IP4 0.0.0.0"
    if media.mid:
        yield f"a=mid:{media.mid}"
    yield f"a={media.direction}"
    if media.bundle_only:
        yield "a=bundle-only"
    if media.ice_ufrag:
        yield f"a=ice-ufrag:{media.ice_ufrag}"
    if media.ice_pwd:
        yield f"a=ice-pwd:{media.ice_pwd}"
    for fingerprint in media.fingerprints:
        yield f"a=fingerprint:{fingerprint.algorithm} {fingerprint.value}"
    if media.setup:
        yield f"a=setup:{media.setup}"
    if media.rtcp_mux:
        yield "a=rtcp-mux"
    if media.rtcp_rsize:
        yield "a=rtcp-rsize"
    for each in media.formats:
        if each.name:
            channels = f"/{each.channels}" if each.channels > 1 else ""
            yield f"a=rtpmap:{each.payload_type} {each.name}/{each.clock_rate}{channels}"
        if each.parameters:
            yield f"a=fmtp:{each.payload_type} {each.parameters}"
        for feedback in each.feedback:
            yield f"a=rtcp-fb:{each.payload_type} {feedback}"
    for extension in media.extensions:
        direction = "" if extension.direction == "sendrecv" else f"/{extension.direction}"
        yield f"a=extmap:{extension.id}{direction} {extension.uri}"
    if media.msid:
        yield f"a=msid:{media.msid}"
    for pair in media.fid_groups:
        yield f"a=ssrc-group:FID {pair[0]} {pair[1]}"
    for ssrc, cname in media.ssrcs.items():
        yield f"a=ssrc:{ssrc} cname:{cname}" if cname else f"a=ssrc:{ssrc}"
    for rid, direction in media.rids.items():
        yield f"a=rid:{rid} {direction}"
    simulcast = []
    if media.simulcast_send:
        simulcast.append("send " + ";".join(media.simulcast_send))
    if media.simulcast_recv:
        simulcast.append("recv " + ";".join(media.simulcast_recv))
    if simulcast:
        yield "a=simulcast:" + " ".join(simulcast)
    for index, candidate in enumerate(media.candidates):
        yield f"a=candidate:{_candidate(index, candidate)}"
    if media.candidates:
        yield "a=end-of-candidates"


HOST_UDP = 126
"""Type preference of a UDP host candidate (RFC 8445, section 5.1.2.2)."""
HOST_TCP = 90
"""The same over TCP, below every kind of UDP, as libwebrtc's port.h has it: TCP is the way out where UDP is blocked."""


def _candidate(index: int, candidate: Candidate) -> str:
    # Priority: RFC 8445, section 5.1.2.1; the order that the SFU was given is the local preference. TCP: RFC 6544, 4.2:
    # direction preference 4 for a passive host candidate.
    udp = candidate.protocol == "udp"
    local = 65_535 - index if udp else (4 << 13) + 8_191 - index
    priority = ((HOST_UDP if udp else HOST_TCP) << 24) + (local << 8) + 255
    kind = "typ host" if udp else "typ host tcptype passive"
    return f"{index + 1} 1 {candidate.protocol} {priority} {candidate.address} {candidate.port} {kind}"
