"""Offers of real browsers, and the answers that a browser would give, for the tests of the negotiation."""

from __future__ import annotations

from pathlib import Path

from sfu.control import Candidate, LocalParameters
from signaling.sdp import Fingerprint, read, write

VECTORS = Path(__file__).parent.parent / "vectors" / "sdp"
SEEDS = Path(__file__).parent.parent / "fuzz" / "sdp"

LOCAL = LocalParameters(
    "srvr",
    "serverpasswordserverpassword",
    ":".join(["5E"] * 32),
    [Candidate("192.0.2.7", 8081), Candidate("2001:db8::7", 8081), Candidate("192.0.2.7", 8081, "tcp")],
)


def sample(name: str) -> str:
    """One of the offers under tests/vectors/sdp, byte for byte."""
    return (VECTORS / f"{name}.sdp").read_bytes().decode()


def browser_answer(offer: str, *, ufrag: str = "brws", fingerprint: str = "AA") -> str:
    """Answer a subscriber offer as a browser does that takes everything."""
    session = read(offer)
    session.ice_lite = False
    for media in session.media:
        media.direction = {"sendonly": "recvonly", "inactive": "inactive"}[media.direction]
        media.setup = "active"
        media.ice_ufrag, media.ice_pwd = ufrag, "browserpasswordbrowserpassword"
        media.fingerprints = [Fingerprint("sha-256", ":".join([fingerprint] * 32))]
        media.ssrcs, media.fid_groups, media.msid = {}, [], ""
    return write(session)
