"""Which voices the client lets rest while sound alone is more than the network carries (web/client/voice_pauses.ts).

The same rule again, held by the same vector (tests/vectors/voice_pauses.json) as the client's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

VOICE = 0.015
"""Linear level."""
SILENT, STEP, TURN, LISTEN = 5.0, 2.0, 8.0, 2.0
"""Seconds: silent before a voice may rest; between two steps; until it may be listened to again, and for how long."""
PART = 1 / 3
"""Of the open voices, more that rest at each step."""


class VoicePauses:
    """Levels and the time go in, who rests comes out."""

    def __init__(self, chance: Callable[[], float]) -> None:
        """``chance`` gives numbers from 0 to 1."""
        self.too_much = False
        self.paused: dict[str, float] = {}
        """Since when."""
        self._heard: dict[str, float] = {}
        self._step_at = float("-inf")
        self._chance = chance

    def update(self, voices: Mapping[str, float], now: float) -> set[str]:
        """Take the levels of the open microphones."""
        for voice in [voice for voice in self._heard if voice not in voices]:
            del self._heard[voice]
            self.paused.pop(voice, None)
        for voice, level in voices.items():
            if level >= VOICE or voice not in self._heard:
                self._heard[voice] = now
        if now - self._step_at >= STEP:
            self._step_at = now
            self._step(now)
        return set(self.paused)

    def _step(self, now: float) -> None:
        more = max(1, int((len(self._heard) - len(self.paused)) * PART))
        wanted = min(len(self.paused) + more, len(self._heard) - 1) if self.too_much else len(self.paused) - 1
        silent = [voice for voice, heard in self._heard.items() if voice not in self.paused and now - heard >= SILENT]
        longest = next(iter(self.paused), None)
        if longest is not None and (len(self.paused) > wanted or now - self.paused[longest] >= TURN):
            del self.paused[longest]
            self._heard[longest] = now - SILENT + LISTEN
        while len(self.paused) < wanted and silent:
            self.paused[silent.pop(int(self._chance() * len(silent)))] = now
