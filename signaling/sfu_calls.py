"""Asking the SFU: what its refusals mean for a member, and what to do when it is gone."""

from __future__ import annotations

import logging

from sfu.control import (
    CloseTransport,
    LocalParameters,
    OpenTransport,
    Refused,
    Request,
    Response,
    RestartIce,
    Sfu,
    TransportOpened,
)
from signaling.messages import ErrorCode

logger = logging.getLogger("hearthside.signaling")


class MediaError(Exception):
    """The SFU did not do what was asked; `code` is for the member."""

    def __init__(self, code: ErrorCode) -> None:
        super().__init__(code)
        self.code: ErrorCode = code


_REFUSALS: dict[str, ErrorCode] = {
    "ssrc_taken": "bad_sdp",
    "unsupported_codec": "bad_sdp",
    "limit": "too_many_tracks",
}
"""What a refusal means for the member; every other one means that the SFU's state has moved on: try again."""


class SfuCalls:
    """The SFU's port with errors as `MediaError`."""

    def __init__(self, sfu: Sfu) -> None:
        self._sfu = sfu

    async def request(self, request: Request) -> Response:
        """Ask, and take any answer. Raises `MediaError` if the SFU is gone."""
        try:
            return await self._sfu.request(request)
        except ConnectionError:
            raise MediaError("media_unavailable") from None

    async def do(self, request: Request) -> None:
        """Ask for something that is to be done. Raises `MediaError` if it is refused or the SFU is gone."""
        response = await self.request(request)
        if isinstance(response, Refused):
            raise MediaError(_REFUSALS.get(response.reason, "media_unavailable"))

    async def open(self, request: OpenTransport | RestartIce) -> LocalParameters:
        """Ask for the SFU's half of a transport. Raises `MediaError` as `do` does."""
        response = await self.request(request)
        if not isinstance(response, TransportOpened):
            raise MediaError("media_unavailable")
        return response.local

    async def close(self, request: Request) -> None:
        """Ask for something that ends what may be gone already."""
        try:
            await self.request(request)
        except MediaError:
            logger.debug("the SFU is gone: nothing left to close")

    async def close_transport(self, transport: str) -> None:
        """Close a transport, if there is one."""
        await self.close(CloseTransport(transport))
