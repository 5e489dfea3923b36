"""One member's place in a meeting's group: credentials, who else is there, and how a state follows from another.

Sans-IO: makes messages and takes them. It judges nobody; which commits are refused is the browser client's policy.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rfc9420.group.mls_group.processing import MLSGroup

from signaling import messages as m
from signaling.links import Link, b64, unb64
from signaling.mls_messages import Remove, read_commit, read_key_package
from tests.interop.envelopes import EnvelopeError, link_psk, open_knock, seal_knock
from tests.interop.mls_member import Member, MemberError
from tests.interop.statements import (
    Credential,
    Grants,
    StatementError,
    certify,
    fits,
    founding_is_good,
    founding_record,
    grant,
    knock_body,
    leaving_body,
    read_credential,
    read_grants,
    read_statements,
    rejection_body,
    rejoin_body,
    signed,
)

LIFETIME = 2 * 86_400 + 3_600
"""Seconds for which a KeyPackage is good, to either side."""
MAX_UNDONE = 16
"""States kept to go back to."""


@dataclass(frozen=True)
class Person:
    """Somebody with a leaf."""

    member: str
    leaf: int
    leaf_key: bytes
    rejoin_key: bytes
    facilitator: bool


@dataclass(frozen=True)
class Epoch:
    """What an epoch gave."""

    number: int
    base_key: bytes
    """For frames."""
    leaf: int
    """One's own."""
    leaves: dict[int, str]
    removal: bool
    at: float
    """`time.monotonic` when its keys were there."""


@dataclass(frozen=True)
class Before:
    """A state to go back to."""

    applied: int
    mls: MLSGroup | None
    grants: Grants | None


class Seat:
    """`now`: UTC seconds. `id` is the member id that the server gave, set before anything else is asked."""

    def __init__(self, link: Link, *, now: float) -> None:
        self.link = link
        self.id = ""
        self.root_key = b""
        self.certificate: bytes | None = None
        self.rejoin_key = Ed25519PrivateKey.generate()
        lifetime = int(now) - LIFETIME, int(now) + LIFETIME
        self.mls = Member(b"", link_psk(link.room_secret, link.group), lifetime=lifetime)
        self.people: dict[int, Person] = {}
        self.grants: Grants | None = None
        self.applied = 0
        """Number of the commit or registration that led here."""
        self.epochs: list[Epoch] = []
        self._last: tuple[bytes, bytes] | None = None
        """Group and leaf key of the last state: what a rejoin replaces."""
        self._undo: dict[int, Before] = {}
        self._facilitators: dict[bytes, bool] = {}
        self._now = now

    @property
    def _group(self) -> bytes:
        return unb64(self.link.group)

    @property
    def _rejoin_public(self) -> bytes:
        return self.rejoin_key.public_key().public_bytes_raw()

    # -- Credentials ------------------------------------------------------------------------------------------------

    def prepare(self, meeting: bytes | None) -> None:
        """A fresh KeyPackage: with a facilitator's credential for that MLS group, or a participant's."""
        certificate = self.certificate
        self.mls.restore(None)
        if certificate is None or meeting is None:
            self.mls.renew(lambda key: Credential(unb64(self.id), self._rejoin_public).encode())
            return
        role = Ed25519PrivateKey.from_private_bytes(self.link.seed)
        self.mls.renew(
            lambda key: certify(
                role,
                certificate,
                meeting=meeting,
                member=unb64(self.id),
                rejoin_key=self._rejoin_public,
                leaf_key=key,
            ).encode()
        )

    def knock(self, name: str, nonce: str) -> m.SendKnock:
        """A sealed name with a fresh KeyPackage."""
        self.prepare(None)
        body = knock_body(self._group, self.mls.ref, unb64(nonce))
        signature = self.mls.signing_key.sign(signed("hearthside knock v1", body))
        content = {"v": 1, "name": name, "ref": b64(self.mls.ref), "signature": b64(signature)}
        sealed = seal_knock(self.link.room_secret, self.link.group, content)
        return m.SendKnock(b64(sealed), b64(self.mls.key_package()))

    def read_knock(self, knock: m.Knock) -> str | None:
        """The name, if name, KeyPackage, id and nonce belong together."""
        try:
            content = open_knock(self.link.room_secret, self.link.group, knock.sealed)
            package = read_key_package(unb64(knock.key_package))
            ref, signature, name = unb64(content["ref"]), unb64(content["signature"]), str(content["name"])
            member = read_credential(package.leaf.identity).member
        except (EnvelopeError, StatementError, ValueError, KeyError, TypeError):
            return None
        body = knock_body(self._group, package.ref, unb64(knock.nonce))
        genuine = fits(package.leaf.signature_key, signature, "hearthside knock v1", body)
        return name if genuine and ref == package.ref and member == unb64(knock.id) else None

    # -- Into the group ---------------------------------------------------------------------------------------------

    def found(self) -> bytes:
        """A new group, alone in it; returns its MLS group id."""
        assert self.certificate is not None
        meeting = os.urandom(16)
        self.prepare(meeting)
        role = Ed25519PrivateKey.from_private_bytes(self.link.seed)
        self.mls.found(meeting, founding_record(role, self.certificate, meeting=meeting, now=self._now))
        self._last = self.grants = None
        return meeting

    def register(self, room: str) -> m.MlsRegister:
        """Name the own state's group to the server."""
        assert self.mls.epoch is not None
        members = {leaf: b64(read_credential(identity).member) for leaf, identity in self.mls.roster.items()}
        seats = [m.Seat(leaf, member) for leaf, member in members.items()]
        return m.MlsRegister(room, b64(self.mls.group_id), self.mls.epoch, seats)

    def offer(self, room: str, meeting: bytes | None) -> m.MlsOffer:
        """Ask to come in, with a proof if this session had a leaf in that group (None: the last one)."""
        last = self._last if self._last and meeting in (None, self._last[0]) else None
        self.prepare(last[0] if last else meeting)
        signature = None
        if last is not None:
            body = rejoin_body(*last, self.mls.ref)
            signature = b64(self.rejoin_key.sign(signed("hearthside rejoin v1", body)))
        return m.MlsOffer(room, b64(self.mls.key_package()), signature)

    def join(self, welcomed: m.MlsWelcomed, *, at: float) -> None:
        """Enter by a Welcome. Raises `MemberError`, also for a group that no facilitator founded."""
        before = self.mls.snapshot()
        admission = self.mls.join(unb64(welcomed.welcome))
        meeting, root_key, group = self.mls.group_id, self.root_key, self._group
        founding = admission.founding or b""
        if not founding_is_good(founding, meeting=meeting, root_key=root_key, group=group, now=self._now):
            self.mls.restore(before)
            raise MemberError("nobody founded it")
        self.grants = read_grants(admission.notes) if admission.notes else None
        self._undo.clear()
        self.begin(welcomed.seq, removal=False, at=at)

    # -- From state to state ----------------------------------------------------------------------------------------

    def apply(self, entry: m.Committed, *, at: float) -> list[Person] | None:
        """Go on by a commit in its place; returns who is new. None: nothing changed, it is old or about oneself.

        Raises `MemberError` for a commit that is not good: `reject` it.
        """
        if entry.seq <= self.applied or self.mls.epoch is None:
            return None
        data = unb64(entry.commit)
        commit = read_commit(data)
        removed = {proposal.leaf for proposal in commit.proposals if isinstance(proposal, Remove)}
        if self.mls.leaf in removed:
            return None  # the server says what is next: gone, or a Welcome
        before, known = Before(self.applied, self.mls.snapshot(), self.grants), [*self.people.values()]
        self.mls.apply(data)
        self._undo[entry.seq] = before
        while len(self._undo) > MAX_UNDONE:
            del self._undo[min(self._undo)]
        statements = read_statements(commit.authenticated_data)
        self.grants = statements.grants or self.grants
        self.begin(entry.seq, removal=bool(removed - statements.rejoins.keys()), at=at)
        return [person for person in self.people.values() if person not in known]

    def reject(self, room: str, entry: m.Committed) -> m.MlsReject:
        """Say, signed, that a commit cannot be accepted."""
        body = rejection_body(self.mls.group_id, entry.seq, unb64(entry.commit))
        signature = self.mls.signing_key.sign(signed("hearthside reject v1", body))
        return m.MlsReject(room, entry.seq, b64(signature))

    def go_back(self, reopened: m.MlsReopened, *, at: float) -> bool:
        """Undo a void commit and all after it. False if the state before is not known any more."""
        before = self._undo.get(reopened.void_from)
        if before is None:
            return False
        self._undo = {seq: kept for seq, kept in self._undo.items() if seq < reopened.void_from}
        self.mls.restore(before.mls)
        self.grants = before.grants
        self.begin(before.applied, removal=False, at=at)
        return True

    def begin(self, applied: int, *, removal: bool, at: float) -> None:
        """The own state is the room's after that number: read what it holds."""
        assert self.mls.epoch is not None
        keys = self.mls.leaf_keys
        self.people = {
            leaf: self._person(leaf, keys[leaf], read_credential(identity))
            for leaf, identity in self.mls.roster.items()
        }
        self.applied = applied
        self._last = self.mls.group_id, keys[self.mls.leaf]
        leaves = {leaf: person.member for leaf, person in self.people.items()}
        self.epochs.append(Epoch(self.mls.epoch, self.mls.sframe_base_key(), self.mls.leaf, leaves, removal, at))

    def _person(self, leaf: int, leaf_key: bytes, credential: Credential) -> Person:
        if leaf_key not in self._facilitators:
            self._facilitators[leaf_key] = credential.is_facilitator(
                leaf_key, meeting=self.mls.group_id, root_key=self.root_key, group=self._group, now=self._now
            )
        facilitator = self._facilitators[leaf_key]
        return Person(b64(credential.member), leaf, leaf_key, credential.rejoin_key, facilitator)

    def forget(self) -> None:
        """A reload: the state is lost, and the keys to every Welcome; the place is not."""
        self.prepare(None)
        self.people = {}
        self._undo.clear()

    # -- Who is there -----------------------------------------------------------------------------------------------

    def leaf_of(self, member: str) -> int | None:
        """Somebody's leaf."""
        return next((leaf for leaf, person in self.people.items() if person.member == member), None)

    def is_co_facilitator(self, person: Person) -> bool:
        """By the grants in force."""
        return self.grants is not None and person.rejoin_key in self.grants.keys

    def grants_to(self, *members: str) -> Grants:
        """The list of co-facilitators from the next epoch on, signed by the own leaf."""
        assert self.mls.epoch is not None
        return grant(
            self.mls.signing_key,
            read_credential(self.mls.roster[self.mls.leaf]),
            meeting=self.mls.group_id,
            epoch=self.mls.epoch + 1,
            keys=[person.rejoin_key for person in self.people.values() if person.member in members],
        )

    def leaving(self) -> str | None:
        """What lets anybody remove the own leaf."""
        if self.mls.epoch is None:
            return None
        body = leaving_body(self.mls.group_id, self.mls.leaf, self.mls.leaf_keys[self.mls.leaf])
        return b64(self.mls.signing_key.sign(signed("hearthside leave v1", body)))
