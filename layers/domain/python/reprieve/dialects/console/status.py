"""The page of an organization's status. It says what is stored; whether scheduled functions run is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.clock import DAY, minutes
from reprieve.dialects.console import page
from reprieve.dialects.console.site import READ_CREDENTIALS, READ_HOOKS, READ_POLICY, READ_SERVERS
from reprieve.role import Permission

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reprieve.access.provider_account import ProviderAccount
    from reprieve.clock import Millis
    from reprieve.dialects.exchange import Request, Response
    from reprieve.email_servers.email_server import EmailServer
    from reprieve.hooks.hook import Hook
    from reprieve.organization import Organization
    from reprieve.policies.brakes import Brakes
    from reprieve.policies.progress import Progress
    from reprieve.removals.follow import RemovalReport

    #: removals that wait or failed, and the cursor of further ones
    Waiting = tuple[list[RemovalReport], str | None]

#: removals are counted up to this number
COUNTED: Final = 200
#: from this age on a lift has waited too long, as `reprieve doctor` has it
TOO_OLD: Final = minutes(15)
#: policies are run every hour; two runs may fail
SILENT: Final = minutes(180)
#: the kind of an account without a provider
NONE: Final = "none"
#: how a finding is shown
GOOD, WAITING, BAD = "good", "waiting", "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        tone: whether it is good, passes by itself, or needs a person.
        about: what was looked at.
        says: what was found, as a sentence without its end.
        at: a moment that ends the sentence, in milliseconds; None for none.
        more: what follows, such as a reason; "" for nothing.
        path: the page about it; "" for none.
    """

    tone: str
    about: str
    says: str
    at: Millis | None = None
    more: str = ""
    path: str = ""


def sees_accounts(request: Request) -> bool:
    """Whether the viewer may read provider accounts."""
    return page.may(request, READ_CREDENTIALS, Permission.READ)


def sees_policy(request: Request) -> bool:
    """Whether the viewer may read the policy."""
    return page.may(request, READ_POLICY, Permission.READ)


def sees_hooks(request: Request) -> bool:
    """Whether the viewer may read hooks."""
    return page.may(request, READ_HOOKS, Permission.READ)


def sees_servers(request: Request) -> bool:
    """Whether the viewer may read email servers."""
    return page.may(request, READ_SERVERS, Permission.READ)


def of_accounts(accounts: Sequence[ProviderAccount], *, now: Millis) -> Iterator[Finding]:
    """Whether the provider accounts are called."""
    if not accounts:
        yield Finding(BAD, "Provider", "There is no provider account, so lifts wait", more="An operator sets one.")
    for one in sorted(accounts, key=lambda one: one.name):
        about = f"Provider account {one.name}"
        if one.is_paused(now):
            yield Finding(
                BAD, about, f"{one.kind} refused it, so no call is made until", one.paused_until, one.paused_reason
            )
        elif one.kind == NONE:
            yield Finding(GOOD, about, "No provider is behind it, so lifts count here alone")
        else:
            yield Finding(GOOD, about, f"{one.kind}{f' in {one.region}' if one.region else ''} is called")


def of_lifts(pending: Waiting, failed: Waiting, *, now: Millis) -> Iterator[Finding]:
    """Whether lifts wait for too long, and whether some have failed."""
    waiting, more = pending
    if waiting:
        oldest = min(one.followed.requested_at for one in waiting)
        tone = BAD if now - oldest > TOO_OLD else WAITING
        says = f"{_count(waiting, more)} under way, the oldest since"
        yield Finding(tone, "Lifts", says, oldest, path="/removals")
    else:
        yield Finding(GOOD, "Lifts", "None waits for the provider", path="/removals")
    if failed[0]:
        says = f"{_count(*failed)} given up, and can be retried"
        yield Finding(BAD, "Lifts", says, path="/removals?state=failed")


def of_policy(organization: Organization, progress: Progress, brakes: Brakes, *, now: Millis) -> Iterator[Finding]:
    """Whether the policy is in force, and how far its runs have come."""
    if not organization.policy.enabled:
        yield Finding(GOOD, "Policy", "It is not in force, so nothing is lifted by itself", path="/policy")
    elif not progress.looked:
        yield Finding(WAITING, "Policy", "It is in force, and has not run yet", path="/policy")
    elif progress.walking:
        yield Finding(WAITING, "Policy", "It is looking through all lists since", progress.walked, path="/policy")
    else:
        lifted = brakes.lifted if brakes.day == now // DAY else 0
        tone = BAD if now - progress.looked > SILENT else GOOD
        more = f"{lifted} lifted today."
        yield Finding(
            tone, "Policy", "It is in force, and has looked at all that was due until", progress.looked, more, "/policy"
        )


def of_hooks(hooks: Sequence[Hook]) -> Iterator[Finding]:
    """Whether the organization's own systems hear of changes."""
    if not hooks:
        yield Finding(GOOD, "Hooks", "There is none", path="/hooks")
    for one in hooks:
        about, path, failures = f"Hook {one.url}", f"/hooks/{one.id}", one.progress.failures
        if one.disabled_reason:
            yield Finding(BAD, about, "It was disabled by itself", more=one.disabled_reason, path=path)
        elif not one.enabled:
            yield Finding(GOOD, about, "It is disabled", path=path)
        elif failures:
            says = f"Its last {failures} posts were not taken. The oldest notice waits since"
            yield Finding(WAITING, about, says, one.progress.oldest, path=path)
        else:
            yield Finding(GOOD, about, "It hears of changes", path=path)


def of_servers(servers: Sequence[EmailServer]) -> Iterator[Finding]:
    """Which email server messages are sent through."""
    enabled = [one.settings for one in servers if one.settings.enabled]
    says = f"{enabled[0].alias} is enabled" if enabled else "None is enabled"
    yield Finding(GOOD, "Email servers", says, path="/email-servers")


def render(findings: Sequence[Finding], request: Request) -> Response:
    """The page: what needs a person first."""
    order = (BAD, WAITING, GOOD)
    shown = sorted(findings, key=lambda one: order.index(one.tone))
    return page.render("status", request, findings=shown, worst=shown[0].tone)


def _count(found: Sequence[RemovalReport], more: str | None) -> str:
    """How many removals there are, as the beginning of a sentence."""
    if more:
        return f"More than {len(found)} are"
    return "1 is" if len(found) == 1 else f"{len(found)} are"
