"""The real server, but it has a page that fails with somebody's group and address in the exception's text.

Only for test_privacy.py: the log of a meeting is read with a traceback in it.
"""

from __future__ import annotations

from typing import NoReturn

from aiohttp import web

from signaling.cli import main
from signaling.http import Pages

_routes = Pages.routes


async def _fails(request: web.Request) -> NoReturn:
    raise RuntimeError(f"{request.remote} asked for {request.match_info['group']}")


def _with_a_fault(self: Pages) -> list[web.RouteDef]:
    return [*_routes(self), web.get("/fault/{group}", _fails)]


if __name__ == "__main__":
    Pages.routes = _with_a_fault  # type: ignore[method-assign] # the point of it
    main()
