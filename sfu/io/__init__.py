"""Sockets, the clock and other people's libraries: the only part of the SFU that touches the world."""
