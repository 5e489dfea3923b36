"""SRTP in place: libsrtp through pylibsrtp's cffi module, without the copies that `pylibsrtp.Session` makes.

`Session.protect` copies a packet three times and takes at most 1356 bytes. Here a packet is protected or opened where
it lies, in one of the worker's two buffers. `tests/sfu/io/test_srtp.py` holds pylibsrtp to the names used here.
"""

from __future__ import annotations

import socket
from collections.abc import Container
from struct import Struct
from typing import Any

from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi, lib

from sfu.native import open_with, seal_copy_with, seal_with
from sfu.native.numbers import CopyNumbers, WayNumbers
from sfu.rtp.packet import MAX_DATAGRAM

ROOM_FOR_TAG = 64
"""Bytes behind a packet that libsrtp may write: SRTCP adds 4 for its index and up to 16 for the tag; rounded up."""

BUFFER_SIZE = MAX_DATAGRAM + ROOM_FOR_TAG

_SSRC = Struct("!I").unpack_from


class Buffers:
    """The two packet buffers of a worker. What lies in them is good until the next packet."""

    __slots__ = ("incoming", "incoming_pointer", "outgoing", "outgoing_pointer", "outgoing_views")

    def __init__(self) -> None:
        self.incoming = bytearray(BUFFER_SIZE)
        self.outgoing = bytearray(BUFFER_SIZE)
        self.incoming_pointer: Any = ffi.from_buffer("unsigned char[]", self.incoming, require_writable=True)
        self.outgoing_pointer: Any = ffi.from_buffer("unsigned char[]", self.outgoing, require_writable=True)
        whole = memoryview(self.outgoing)
        # One view for each length, made once: slicing for each packet costs 0.1 µs.
        self.outgoing_views = [whole[:length] for length in range(BUFFER_SIZE + 1)]


class SrtpSession:
    """Both directions of one transport's SRTP (RFC 3711, RFC 7714), working on the worker's buffers.

    Every method returns the packet's new length, or -1 if libsrtp refused the packet: broken, repeated, or too old.

    Each SSRC that RTP is sent under has a libsrtp session of its own, always the same: libsrtp looks for an SSRC along
    a list, which took a tenth of the server's time with 22 of them, each lying elsewhere in memory. All have the same
    master key and so derive the same keys; what must not be repeated under a key is the pair of SSRC and packet index
    (RFC 7714 section 8.1), and of an SSRC one session counts. It refuses a number that was sent already: what is sent
    again would be another packet with the nonce of the first, from which the key of authentication follows. Only under
    an SSRC of ``repeated`` it lets one pass: sound, which goes out again bit for bit. RTCP goes through ``send``, which
    counts for itself.
    """

    __slots__ = ("_in", "_length", "_out", "_outgoing", "_own", "_policy", "_repeated", "_rx", "_sessions", "_tx")

    def __init__(
        self,
        receive: Session,
        send: Session,
        buffers: Buffers,
        policy: Policy | None = None,
        repeated: Container[int] = (),
    ) -> None:
        """``policy`` is what ``send`` was made with; without it there are no other sessions.

        ``repeated`` holds each SSRC of which packets are sent again as they were, before the first is sent.
        """
        self._sessions = (receive, send)  # their destruction frees what the two handles point to
        self._rx: Any = receive._srtp[0]
        self._tx: Any = send._srtp[0]
        self._in = buffers.incoming_pointer
        self._out = buffers.outgoing_pointer
        self._outgoing = buffers.outgoing
        self._length: Any = ffi.new("int *")
        self._policy = policy
        self._repeated = repeated
        self._own: dict[int, Any] = {}

    def share(self, way: WayNumbers) -> None:
        """Let the compiled twin seal and open packets with these sessions, until `keep_from` or the next ones.

        Both go through libsrtp, which counts for itself, so that no packet index is used twice, whoever sends. Where
        each SSRC has a session of its own, only copies that `share_copy` was called for are sealed.
        """
        session = _address(self._tx) if self._policy is None else 0
        seal_with(way, _address(ffi.addressof(lib, "srtp_protect")), session)
        open_with(way, _address(ffi.addressof(lib, "srtp_unprotect")), _address(self._rx))

    def share_copy(self, copy: CopyNumbers, ssrc: int) -> None:
        """Let the compiled twin seal a copy that is sent under the SSRC, until that is forgotten."""
        if self._policy is not None:
            seal_copy_with(copy, _address(self._session_of(ssrc)))

    def _session_of(self, ssrc: int) -> Any:
        """Return what seals under the SSRC."""
        policy = self._policy
        if policy is None:
            return self._tx
        own = self._own.get(ssrc)
        if own is None:
            policy.ssrc_type, policy.ssrc_value = Policy.SSRC_SPECIFIC, ssrc
            policy.allow_repeat_tx = ssrc in self._repeated
            own = ffi.gc(ffi.new("srtp_t *"), _free)
            if lib.srtp_create(own, policy._policy):
                raise MemoryError("libsrtp has no room for a session")
            self._own[ssrc] = own
        return own[0]

    def unprotect(self, length: int) -> int:
        """Open the RTP packet in the incoming buffer."""
        size = self._length
        size[0] = length
        return -1 if _unprotect(self._rx, self._in, size) else size[0]

    def unprotect_rtcp(self, length: int) -> int:
        """Open the RTCP packet in the incoming buffer."""
        size = self._length
        size[0] = length
        return -1 if _unprotect_rtcp(self._rx, self._in, size) else size[0]

    def protect(self, length: int) -> int:
        """Seal the RTP packet in the outgoing buffer."""
        size = self._length
        size[0] = length
        (ssrc,) = _SSRC(self._outgoing, 8)
        return -1 if _protect(self._session_of(ssrc), self._out, size) else size[0]

    def protect_rtcp(self, length: int) -> int:
        """Seal the RTCP packet in the outgoing buffer."""
        size = self._length
        size[0] = length
        return -1 if _protect_rtcp(self._tx, self._out, size) else size[0]

    def forget_received(self, ssrc: int) -> None:
        """Free libsrtp's state of an incoming SSRC; it keeps one for each that ever passed the check."""
        lib.srtp_remove_stream(self._rx, socket.htonl(ssrc))

    def forget_sent(self, ssrc: int) -> None:
        """Free libsrtp's state of an outgoing SSRC. The SSRC must not be sent with again: its packet index restarts."""
        lib.srtp_remove_stream(self._tx, socket.htonl(ssrc))
        self._own.pop(ssrc, None)


def _free(session: Any) -> None:
    if session[0]:
        lib.srtp_dealloc(session[0])


def keep_from(way: WayNumbers) -> None:
    """Let the compiled twin send and open nothing more: its sessions are about to be freed."""
    seal_with(way, 0, 0)
    open_with(way, 0, 0)


def _address(pointer: object) -> int:
    return int(ffi.cast("uintptr_t", pointer))


_unprotect = lib.srtp_unprotect
_unprotect_rtcp = lib.srtp_unprotect_rtcp
_protect = lib.srtp_protect
_protect_rtcp = lib.srtp_protect_rtcp
