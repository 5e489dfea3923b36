"""Writes bit fields for hand-made packets."""


class BitWriter:
    """Appends fields, most significant bit first."""

    def __init__(self) -> None:
        self._bits = ""

    def write(self, *fields: tuple[int, int]) -> "BitWriter":
        """Append (value, width) pairs."""
        for value, width in fields:
            if width:
                self._bits += f"{value:0{width}b}"
        return self

    def to_bytes(self) -> bytes:
        """Return what was written, filled up with zero bits."""
        bits = self._bits + "0" * (-len(self._bits) % 8)
        return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
