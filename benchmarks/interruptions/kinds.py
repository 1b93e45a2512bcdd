"""The nine kinds of interruption. Each tells whether the page is still there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from benchmarks.interruptions.visitor import Visitor

TOKEN_EXPIRED = "token expired"
#: For how long a form's token is good where it is to expire, in seconds.
TOKEN_SECONDS = 20


async def server_killed(visitor: Visitor) -> bool:
    await visitor.restart(visitor.site.release, kill=True)
    return True


async def network_cut(visitor: Visitor) -> bool:
    async def come_back() -> None:
        await asyncio.sleep(visitor.chance.uniform(0.5, 4))
        await visitor.context.set_offline(False)

    await visitor.context.set_offline(True)
    visitor.later(come_back())
    return True


async def session_ended(visitor: Visitor) -> bool:
    """Of a customer: by signing out in another tab, or as the cookie goes."""
    if visitor.chance.random() < 0.5:
        tab = await visitor.context.new_page()
        await visitor.sign_out(tab)
        await tab.close()
    else:
        await visitor.context.clear_cookies()
    visitor.is_signed_out = True
    return True


async def token_expired(visitor: Visitor) -> bool:
    await asyncio.sleep(TOKEN_SECONDS + 1)
    return True


async def login_in_another_tab(visitor: Visitor) -> bool:
    tab = await visitor.context.new_page()
    await visitor.sign_in(tab, anew=True)
    await tab.close()
    return True


async def deploy(visitor: Visitor) -> bool:
    other = 3 - visitor.site.release.number
    await visitor.restart(visitor.site.release._replace(number=other), kill=False)
    return True


async def tab_closed(visitor: Visitor) -> bool:
    """By its visitor, or as it crashes."""
    page = visitor.page
    if visitor.chance.random() < 0.3:
        session = await visitor.context.new_cdp_session(page)
        async with page.expect_event("crash"):
            crash = asyncio.create_task(session.send("Page.crash"))
        crash.cancel()  # nobody is there to answer
        await page.close()
    else:
        await page.close(run_before_unload=True)
    await asyncio.sleep(visitor.chance.uniform(0.5, 2))
    await visitor.open_tab()
    await visitor.come_back()
    return False


async def back(visitor: Visitor) -> bool:
    await visitor.page.go_back()
    await asyncio.sleep(visitor.chance.uniform(0.5, 2))
    await visitor.page.go_forward()
    return False


async def reload(visitor: Visitor) -> bool:
    await visitor.page.reload()
    return False


KINDS: Mapping[str, Callable[[Visitor], Awaitable[bool]]] = {
    "server killed": server_killed,
    "network cut": network_cut,
    "session ended": session_ended,
    TOKEN_EXPIRED: token_expired,
    "login in another tab": login_in_another_tab,
    "deploy": deploy,
    "tab closed": tab_closed,
    "Back": back,
    "reload": reload,
}
