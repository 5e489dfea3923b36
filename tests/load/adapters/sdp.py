"""As much SDP (RFC 8866) as a generator's connection needs, for SFUs that speak it: one offer, one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sfu.control import Candidate, Kind, LocalParameters, RemoteParameters
from tests.load.adapters import OPUS_TYPE, RTX_TYPE, VP8_TYPE, AdapterError, Encoding

TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
_CODECS: dict[Kind, tuple[str, list[str]]] = {
    "audio": (
        f"{OPUS_TYPE}",
        [f"rtpmap:{OPUS_TYPE} opus/48000/2", f"rtcp-fb:{OPUS_TYPE} nack", f"rtcp-fb:{OPUS_TYPE} transport-cc"],
    ),
    "video": (
        f"{VP8_TYPE} {RTX_TYPE}",
        [
            f"rtpmap:{VP8_TYPE} VP8/90000",
            *(f"rtcp-fb:{VP8_TYPE} {kind}" for kind in ("nack", "nack pli", "ccm fir", "transport-cc")),
            f"rtpmap:{RTX_TYPE} rtx/90000",
            f"fmtp:{RTX_TYPE} apt={VP8_TYPE}",
        ],
    ),
}
_KEPT_IN_ANSWER = ("mid:", "rtpmap:", "fmtp:", "rtcp-fb:", "rtcp-mux")


@dataclass
class Section:
    """One m-line of a description."""

    line: str
    """Without ``m=``."""
    attributes: list[str] = field(default_factory=list)

    def first(self, name: str) -> str:
        """Return the first value of an attribute, or nothing."""
        return next((one[len(name) + 1 :] for one in self.attributes if one.startswith(f"{name}:")), "")

    @property
    def is_active(self) -> bool:
        """Whether anything is sent on it."""
        return "inactive" not in self.attributes and self.line.split()[1] != "0"

    @property
    def ssrcs(self) -> tuple[int, int]:
        """The SSRCs of the stream and of its repairs, 0 where there is none."""
        group = next((one.split()[1:] for one in self.attributes if one.startswith("ssrc-group:FID")), [])
        if len(group) == 2:
            return int(group[0]), int(group[1])
        first = self.first("ssrc").split(" ")[0]
        return (int(first) if first else 0), 0


@dataclass
class Description:
    """A parsed description: what stands before the first m-line, and the m-lines."""

    session: Section
    media: list[Section]

    def local(self) -> LocalParameters:
        """Return the other side's half of the transport; raises `AdapterError` where something is missing."""
        sections = [*self.media, self.session]

        def find(name: str) -> str:
            value = next((value for one in sections if (value := one.first(name))), "")
            if not value:
                raise AdapterError(f"the description has no {name}")
            return value

        candidates = [
            Candidate(parts[4], int(parts[5]))
            for one in sections
            for attribute in one.attributes
            if attribute.startswith("candidate:")
            and len(parts := attribute.split()) > 5
            and parts[2].lower() == "udp"
            and parts[1] == "1"
        ]
        if not candidates:
            raise AdapterError("the description has no candidate")
        return LocalParameters(find("ice-ufrag"), find("ice-pwd"), find("fingerprint").split()[1], candidates)


def parse(text: str) -> Description:
    """Read a description."""
    session = Section("")
    media: list[Section] = []
    for line in text.splitlines():
        if line.startswith("m="):
            media.append(Section(line[2:]))
        elif line.startswith("a="):
            (media[-1] if media else session).attributes.append(line[2:])
    return Description(session, media)


def offer(remote: RemoteParameters, encodings: Sequence[Encoding], transport_cc: int) -> str:
    """Offer to send these; the mid of each m-line is its kind. Several encodings are simulcast, as SSRCs."""
    sections = []
    for kind, (types, codec) in _CODECS.items():
        ssrcs = [one.ssrc for one in encodings if one.kind == kind]
        if ssrcs:
            group = [f"ssrc-group:SIM {' '.join(map(str, ssrcs))}"] if len(ssrcs) > 1 else []
            own = [f"mid:{kind}", f"extmap:{transport_cc} {TRANSPORT_CC}", *codec, *group]
            own += [f"ssrc:{ssrc} {what}" for ssrc in ssrcs for what in ("cname:load", f"msid:load {kind}")]
            sections.append((f"{kind} 9 UDP/TLS/RTP/SAVPF {types}", kind, "sendonly", own))
    return _write(remote, sections)


def answer(remote: RemoteParameters, offered: Description, transport_cc: int) -> str:
    """Take all that is offered, and of the header extensions transport-wide numbers alone.

    Raises `AdapterError` where these are offered under another id.
    """
    sections = []
    for one in offered.media:
        kept = [attribute for attribute in one.attributes if attribute.startswith(_KEPT_IN_ANSWER)]
        numbered = next((extension for extension in one.attributes if extension.endswith(TRANSPORT_CC)), "")
        if numbered and not numbered.startswith(f"extmap:{transport_cc} "):
            raise AdapterError(f"transport-wide numbers are offered as {numbered}")
        direction = "recvonly" if one.is_active else "inactive"
        sections.append((one.line, one.first("mid"), direction, [*kept, numbered] if numbered else kept))
    return _write(remote, sections)


def _write(remote: RemoteParameters, sections: Sequence[tuple[str, str, str, list[str]]]) -> str:
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines.append(f"a=group:BUNDLE {' '.join(mid for _, mid, _, _ in sections)}")
    for line, _, direction, attributes in sections:
        lines += [
            f"m={line}",
            "c=IN IP4 127.0.0.1",
            f"a=ice-ufrag:{remote.ice_ufrag}",
            f"a=ice-pwd:{remote.ice_pwd}",
            f"a=fingerprint:{remote.fingerprint_algorithm} {remote.fingerprint}",
            "a=setup:active",
            # The server is ICE-lite and sends no checks: where ours come from it learns from them.
            "a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host",
            f"a={direction}",
            *(f"a={attribute}" for attribute in attributes),
        ]
        if "rtcp-mux" not in attributes:
            lines.append("a=rtcp-mux")
    return "\r\n".join(lines) + "\r\n"
