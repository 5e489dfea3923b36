"""STUN and ICE-lite, without sockets or clocks."""
