"""Bandwidth: what arrived when, and what follows from it."""
