"""In-place SRTP against `pylibsrtp.Session`, and the names of pylibsrtp that it leans on."""

import pylibsrtp
import pytest
from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi, lib

from sfu.io.srtp import Buffers, SrtpSession
from sfu.rtp.rtcp import ReceiverReport
from tests.sfu.fakes import rtp

PROFILES = {
    Policy.SRTP_PROFILE_AEAD_AES_256_GCM: 44,
    Policy.SRTP_PROFILE_AEAD_AES_128_GCM: 28,
    Policy.SRTP_PROFILE_AES128_CM_SHA1_80: 30,
}


def policy_of(profile: int, direction: int) -> Policy:
    policy = Policy(key=bytes(range(PROFILES[profile])), ssrc_type=direction, srtp_profile=profile)
    policy.window_size = 1024
    policy.allow_repeat_tx = True
    return policy


def session(profile: int, direction: int) -> Session:
    return Session(policy_of(profile, direction))


def pair(profile: int = Policy.SRTP_PROFILE_AEAD_AES_256_GCM) -> tuple[SrtpSession, Buffers]:
    buffers = Buffers()
    receive, send = session(profile, Policy.SSRC_ANY_INBOUND), session(profile, Policy.SSRC_ANY_OUTBOUND)
    return SrtpSession(receive, send, buffers), buffers


def seal(srtp: SrtpSession, buffers: Buffers, packet: bytes) -> bytes:
    buffers.outgoing[: len(packet)] = packet
    return bytes(buffers.outgoing_views[srtp.protect(len(packet))])


def open_(srtp: SrtpSession, buffers: Buffers, packet: bytes) -> bytes | None:
    buffers.incoming[: len(packet)] = packet
    length = srtp.unprotect(len(packet))
    return None if length < 0 else bytes(buffers.incoming[:length])


def test_pylibsrtp_is_the_one_that_was_read() -> None:
    assert pylibsrtp.__version__.startswith("1.0.")
    for name in ("srtp_protect", "srtp_protect_rtcp", "srtp_unprotect", "srtp_unprotect_rtcp", "srtp_remove_stream"):
        assert callable(getattr(lib, name))
    handle = Session(Policy(key=bytes(30), ssrc_type=Policy.SSRC_ANY_INBOUND))._srtp
    assert ffi.typeof(handle).cname == "struct srtp_ctx_t_ * *"
    assert ffi.typeof("srtp_t").cname == "struct srtp_ctx_t_ *"


@pytest.mark.parametrize("profile", PROFILES)
def test_agrees_with_the_library_both_ways(profile: int) -> None:
    srtp, buffers = pair(profile)
    theirs_out, theirs_in = session(profile, Policy.SSRC_ANY_OUTBOUND), session(profile, Policy.SSRC_ANY_INBOUND)
    packet = rtp(7, 1, bytes(1000))
    sealed = seal(srtp, buffers, packet)
    assert theirs_in.unprotect(sealed) == packet
    assert sealed == theirs_out.protect(packet)
    assert open_(srtp, buffers, sealed) == packet


def test_rtcp_agrees_too() -> None:
    profile = Policy.SRTP_PROFILE_AEAD_AES_256_GCM
    srtp, buffers = pair(profile)
    packet = ReceiverReport(5).to_bytes()
    buffers.outgoing[: len(packet)] = packet
    sealed = bytes(buffers.outgoing_views[srtp.protect_rtcp(len(packet))])
    assert session(profile, Policy.SSRC_ANY_INBOUND).unprotect_rtcp(sealed) == packet
    buffers.incoming[: len(sealed)] = sealed
    assert buffers.incoming[: srtp.unprotect_rtcp(len(sealed))] == packet


def test_the_largest_packet_fits() -> None:
    srtp, buffers = pair()
    assert len(seal(srtp, buffers, rtp(7, 1, bytes(1500 - 12)))) == 1516


def test_changed_repeated_and_short_packets_are_refused_and_do_no_harm() -> None:
    srtp, buffers = pair()
    sealed = seal(srtp, buffers, rtp(7, 1, b"hello"))
    assert open_(srtp, buffers, sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    assert open_(srtp, buffers, sealed[:20]) is None
    assert open_(srtp, buffers, b"\x90\x60\0\1" + bytes(8) + b"\xbe\xde\xff\xff" + bytes(20)) is None
    assert open_(srtp, buffers, sealed) is not None
    assert open_(srtp, buffers, sealed) is None
    buffers.incoming[:12] = bytes(12)
    assert srtp.unprotect_rtcp(12) == -1
    assert open_(srtp, buffers, seal(srtp, buffers, rtp(7, 2))) is not None


def test_the_replay_window_is_1024() -> None:
    srtp, buffers = pair()
    sealed = [seal(srtp, buffers, rtp(7, sequence)) for sequence in range(1, 1100)]
    assert open_(srtp, buffers, sealed[-1]) is not None
    assert open_(srtp, buffers, sealed[-1024]) is not None
    assert open_(srtp, buffers, sealed[-1025]) is None


def test_a_forgotten_ssrc_starts_afresh() -> None:
    srtp, buffers = pair()
    sealed = seal(srtp, buffers, rtp(7, 1))
    assert open_(srtp, buffers, sealed) is not None
    srtp.forget_received(7)
    assert open_(srtp, buffers, sealed) is not None
    srtp.forget_received(8)
    srtp.forget_sent(7)
    assert open_(srtp, buffers, seal(srtp, buffers, rtp(7, 2))) is not None


@pytest.mark.parametrize("profile", PROFILES)
def test_each_ssrc_is_sealed_by_itself_as_one_session_would(profile: int) -> None:
    buffers = Buffers()
    sending = Policy.SSRC_ANY_OUTBOUND
    receive, send = session(profile, Policy.SSRC_ANY_INBOUND), session(profile, sending)
    srtp = SrtpSession(receive, send, buffers, policy_of(profile, sending), {7, 8, 0xFFFF_FFFF})
    together = session(profile, sending)
    for sequence in (65_534, 65_535, 0, 1, 0):  # over the rollover, and one once more
        for ssrc in (7, 8, 0xFFFF_FFFF):
            packet = rtp(ssrc, sequence, bytes(100))
            assert seal(srtp, buffers, packet) == together.protect(packet)
    assert len(srtp._own) == 3
    srtp.forget_sent(8)
    assert len(srtp._own) == 2


@pytest.mark.parametrize("profile", PROFILES)
def test_only_what_is_said_to_be_repeated_leaves_twice_under_one_number(profile: int) -> None:
    """Two packets of one SSRC and number have one nonce: whoever sees both can forge (RFC 7714 section 8.1)."""
    buffers = Buffers()
    sending = Policy.SSRC_ANY_OUTBOUND
    receive, send = session(profile, Policy.SSRC_ANY_INBOUND), session(profile, sending)
    repeated: set[int] = set()
    srtp = SrtpSession(receive, send, buffers, policy_of(profile, sending), repeated)
    repeated.add(7)
    for ssrc in (7, 8):
        for sequence in range(100, 200):
            seal(srtp, buffers, rtp(ssrc, sequence))
    again = rtp(8, 150, b"another payload")
    buffers.outgoing[: len(again)] = again
    assert srtp.protect(len(again)) == -1
    assert open_(srtp, buffers, seal(srtp, buffers, rtp(7, 150))) is not None
