"""What a member says and hears in the group: sealed, counted, and said again where the room did not take it."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass

from signaling import messages as m
from signaling.links import b64, unb64
from tests.interop.check_round import CheckRound
from tests.interop.envelopes import Json, pad, unpad
from tests.interop.seat import Seat


@dataclass(frozen=True)
class Heard:
    """Something said, by whoever's leaf signed it."""

    seq: int
    sender: str
    message: Json


class Speaker(ABC):
    """One member's part of the talk in a room."""

    def __init__(self, name: str, seat: Seat) -> None:
        self.name, self.seat = name, seat
        self.room = ""
        self.inside = False
        """Whether this member holds a state that the server knows of."""
        self.seen = 0
        """The highest number taken in."""
        self.state: Json = {"microphone": False, "camera": False, "hand": 0, "contexts": []}
        self.heard: list[Heard] = []
        self.states: dict[str, Json] = {}
        """The last that each member said of themselves."""
        self.check: CheckRound | None = None
        """The last round that this member took part in."""
        self.said: dict[int, int] = {}
        """Number in the room by own count, of what was taken."""
        self._said_n = self._taken_n = self._envelope_n = 0
        self._highest: dict[bytes, int] = {}
        """Of `n`, by leaf key."""
        self._unsaid: dict[int, tuple[Json, str | None]] = {}

    @abstractmethod
    def send(self, message: m.ClientMessage) -> None:
        """Send any message, as it is."""

    @property
    def id(self) -> str:
        """The member id."""
        return self.seat.id

    @property
    def epoch(self) -> int | None:
        """None without a state."""
        return self.seat.mls.epoch

    # -- The check --------------------------------------------------------------------------------------------------

    def start_check(self) -> None:
        """Begin a round; everybody's client answers by itself."""
        self._enter(os.urandom(16), self.seat.mls.leaf)

    def _enter(self, number: bytes, starter: int) -> CheckRound:
        mls = self.seat.mls
        assert mls.epoch is not None
        self.check = CheckRound(
            mls.group_id, mls.epoch, mls.authenticator, mls.leaf, set(self.seat.people), number, starter
        )
        self.say(self.check.commitment())
        return self.check

    def _check(self, leaf: int, said: Json) -> None:
        number = unb64(said["round"])
        current = self.check
        if current is None or current.id != number or current.epoch != self.epoch:
            if said["type"] != "check_commitment":
                return
            current = self._enter(number, leaf)
        for answer in current.take(leaf, said):
            self.say(answer)

    # -- What is said -----------------------------------------------------------------------------------------------

    def say(self, content: Json, *, to: str | None = None) -> int:
        """Seal and send; returns the count under which `said` shows its place. Sealed anew if the epoch has ended."""
        self._said_n += 1
        self._envelope_n += 1
        body = self.seat.mls.seal(pad({"v": 1, "n": self._envelope_n, "to": to} | content))
        self._unsaid[self._said_n] = content, to
        self.send(m.Say(self.room, self._said_n, b64(body), to))
        return self._said_n

    def _say_again(self) -> None:
        """What the room did not take before the socket was lost."""
        lost, self._unsaid = self._unsaid, {}
        for n, (content, to) in lost.items():
            if n > self._taken_n and self.inside:
                self.say(content, to=to)

    def say_state(self, *, to: str | None = None) -> None:
        """One's whole state."""
        self.say({"type": "state", "name": self.name} | self.state, to=to)

    def chat(self, text: str) -> None:
        """A chat message to everybody."""
        self.say({"type": "chat", "text": text})

    def _on_said(self, said: m.Said) -> None:
        if said.seq <= self.seen or said.epoch != self.epoch:
            return
        self.seen = said.seq
        if said.sender == self.id:
            self._unsaid.pop(said.n, None)
            self.said[said.n] = said.seq
            return
        leaf, data = self.seat.mls.open(unb64(said.body))
        person, content = self.seat.people[leaf], unpad(data)
        if content.get("v") != 1 or content.get("to") not in (None, self.id):
            return
        if content["n"] <= self._highest.get(person.leaf_key, 0):
            return
        self._highest[person.leaf_key] = content["n"]
        self.heard.append(Heard(said.seq, person.member, content))
        if content["type"].startswith("check_"):
            self._check(leaf, content)
        if content["type"] == "state":
            self.states[person.member] = content
        elif content["type"] == "resend":
            self.say_state(to=person.member)

    @property
    def names(self) -> dict[str, str]:
        """Names by member id, of everybody in the group who has said theirs; one's own too."""
        present = {person.member for person in self.seat.people.values()}
        heard = {member: str(state["name"]) for member, state in self.states.items() if member in present}
        return heard | {self.id: self.name}

    def member_named(self, name: str) -> str:
        """The id of who said that name."""
        return next(member for member, known in self.names.items() if known == name)

    def texts(self) -> list[tuple[str, str]]:
        """Chat so far: names and texts."""
        said = [heard for heard in self.heard if heard.message["type"] == "chat"]
        return [(self.names.get(heard.sender, heard.sender), heard.message["text"]) for heard in said]
