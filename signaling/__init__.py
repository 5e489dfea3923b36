"""Signaling: who is at the door, who is in the room, and what passes between them."""
