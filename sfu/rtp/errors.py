"""The one error that every parser of network input raises."""


class ParseError(ValueError):
    """The bytes are not what the format allows. Shells count it and drop the packet; nothing else happens."""
