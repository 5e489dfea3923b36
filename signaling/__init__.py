"""Signaling: who is at the door, who is in the room, and what passes between them."""

__version__ = "0.1.0"
