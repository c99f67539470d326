"""SendGrid's side of a connection: an event webhook that posts to us, signed.

Source: SendGrid's machine-readable description (twilio/sendgrid-oai, spec/yaml/tsg_webhooks_v3.yaml). An account has
several webhooks, no two with one URL; another URL is another's webhook, and is left alone.

A new webhook is switched on last: what it posts before its key is stored here could not be verified.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve.access.provider_account import named
from reprieve.access.provider_accounts import AccountChanges
from reprieve.errors import Conflict, Unavailable
from reprieve.providers import http
from reprieve.providers.answers import decoded, sentence
from reprieve.providers.connecting import Connection, Step, Trial
from reprieve.providers.sendgrid.adapter import api_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.providers.connecting import Means

SETTINGS: Final = "/v3/user/webhooks/event/settings"
TEST: Final = "/v3/user/webhooks/event/test"
#: what the lists and the log are made of
KINDS: Final = (
    *("bounce", "deferred", "delivered", "dropped"),
    *("group_resubscribe", "group_unsubscribe", "spam_report", "unsubscribe"),
)
#: the others that a webhook can be set to post; a change keeps them as they are
OTHERS: Final = ("click", "open", "processed")
#: the largest answer, in bytes
ANSWER_CAP: Final = 256 * 1024

#: where the general sentence is about addresses, or could say more
_SENTENCES: Final[Mapping[int, str]] = {
    400: "400: the settings, or the test by the URL that they name, were refused",
    403: "403: the API key needs the scopes user.webhooks.event.settings.* and user.webhooks.event.test.create",
    404: "404: there are no webhook settings at the configured base URL",
}


class Webhooks:
    """The event webhooks of one account. What was read is kept until something is sent.

    Args:
        api: the account's API.
        url: of the webhook that is ours.
    """

    def __init__(self, api: http.AccountApi, url: str) -> None:
        self._api = api
        self._url = url
        self._read: dict[str, Any] = {}

    def ours(self) -> tuple[Mapping[str, Any] | None, bool]:
        """The settings of our webhook, None if there is none; and whether the account may have another one."""
        found = self._get(f"{SETTINGS}/all")
        rows = found.get("webhooks") if isinstance(found, dict) else None
        if not isinstance(rows, list):
            raise Unavailable("SendGrid: the answer is not a list of webhooks")
        # SendGrid shows an account without webhooks as a list with an empty one
        webhooks = [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]
        most = found.get("max_allowed")
        room = not isinstance(most, int) or len(webhooks) < most
        return next((row for row in webhooks if row.get("url") == self._url), None), room

    def existing(self) -> Mapping[str, Any]:
        """The settings of our webhook.

        Raises:
            Conflict: it is gone.
        """
        found, _ = self.ours()
        if found is None:
            raise Conflict(f"no webhook posts to {self._url}")
        return found

    def public_key(self) -> str:
        """The key that verifies our webhook's posts; "" when there is no such webhook, or it does not sign."""
        found, _ = self.ours()
        if found is None:
            return ""
        signed = self._get(f"{SETTINGS}/signed/{found['id']}")
        key = signed.get("public_key") if isinstance(signed, dict) else None
        return key if isinstance(key, str) else ""

    def create(self, name: str) -> None:
        """Add our webhook, switched off."""
        wanted = dict.fromkeys(KINDS, True) | dict.fromkeys(OTHERS, False)
        self._send("POST", SETTINGS, wanted | {"url": self._url, "enabled": False, "friendly_name": name})

    def change(self, found: Mapping[str, Any], **changes: bool) -> None:
        """Change our webhook; what is not named stays, whatever SendGrid would make of a member that is missing."""
        kept = {name: found.get(name) is True for name in (*KINDS, *OTHERS, "enabled")}
        self._send("PATCH", f"{SETTINGS}/{found['id']}", {**kept, **changes, "url": self._url})

    def sign(self) -> None:
        """Have our webhook sign its posts."""
        self._send("PATCH", f"{SETTINGS}/signed/{self.existing()['id']}", {"enabled": True})

    def test(self) -> None:
        """Ask for a post of made-up events."""
        self._send("POST", TEST, {"id": self.existing()["id"], "url": self._url})

    def _get(self, path: str) -> Any:  # noqa: ANN401  (JSON)
        if path not in self._read:
            self._read[path] = self._ask("GET", path)
        return self._read[path]

    def _send(self, method: str, path: str, body: Mapping[str, object]) -> None:
        self._read.clear()
        self._ask(method, path, json.dumps(body).encode())

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Any:  # noqa: ANN401  (JSON)
        try:
            reply = self._api.exchange(method, path, cap=ANSWER_CAP, body=body)
        except http.NoAnswer as problem:
            raise Unavailable(f"SendGrid: {problem}") from None
        if not HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
            raise Unavailable(f"SendGrid: {_SENTENCES.get(reply.status) or sentence(reply.status)}")
        return decoded(reply.body)


@dataclass(frozen=True, slots=True)
class OurWebhook:
    """What has to be so of our webhook, each as a step's check and change."""

    webhooks: Webhooks
    means: Means

    def steps(self) -> tuple[Step, ...]:
        """The steps, in their order."""
        return (
            Step("event webhook", self.incomplete, self.complete),
            Step("signature", self.unsigned, self.sign),
            Step("webhook key", self.unknown, self.store),
            Step("switch", self.off, self.switch_on),
        )

    def incomplete(self) -> str:
        """Whether it exists and posts what we read."""
        found, _ = self.webhooks.ours()
        if found is None:
            return f"no webhook posts to {self.means.wish.posts_to}"
        absent = _absent(found)
        return f"it does not post {', '.join(absent)}" if absent else ""

    def complete(self) -> str:
        """Make it, or have it post what is missing."""
        found, has_room = self.webhooks.ours()
        if found is not None:
            added = _absent(found)
            self.webhooks.change(found, **dict.fromkeys(added, True))
            return f"it posts {', '.join(added)}, too"
        if not has_room:
            raise Conflict("the account has as many webhooks as its plan allows: delete one at SendGrid")
        self.webhooks.create(f"Reprieve {self.means.context.organization.id}")
        return f"made for {self.means.wish.posts_to}, switched off until its key is stored"

    def unsigned(self) -> str:
        """Whether it signs, or proves its posts by OAuth."""
        return "" if self._by_token() or self.webhooks.public_key() else "it does not sign its posts"

    def sign(self) -> str:
        """Have it sign."""
        self.webhooks.sign()
        return "it signs its posts"

    def unknown(self) -> str:
        """Whether the account has its key."""
        key = self.webhooks.public_key()
        if not key:
            return "" if self._by_token() else "there is none to store yet"
        return "" if key in self._stored() else "the account does not have the key that SendGrid signs with"

    def store(self) -> str:
        """Store its key."""
        # a post that is under way, or that SendGrid repeats, may be signed with the one before
        before = self._stored()[-1:]
        keys = AccountChanges(webhook_key=" ".join([*before, self.webhooks.public_key()]))
        self.means.accounts.set(self.means.context, keys, self.means.account.name)
        return "stored beside the one before, which counts until it is taken away" if before else "stored"

    def off(self) -> str:
        """Whether it posts at all."""
        found, _ = self.webhooks.ours()
        return "" if found and found.get("enabled") is True else "it is switched off"

    def switch_on(self) -> str:
        """Have it post."""
        self.webhooks.change(self.webhooks.existing(), enabled=True)
        return "it is switched on"

    def trigger(self) -> str:
        """Have it post events that SendGrid makes up."""
        self.webhooks.test()
        return "SendGrid was asked for test events, which are about example@test.com"

    def _by_token(self) -> bool:
        found, _ = self.webhooks.ours()
        return bool(found and found.get("oauth_client_id"))

    def _stored(self) -> list[str]:
        account = named(self.means.accounts.all(self.means.context.organization), self.means.account.name)
        return account.webhook_key.split() if account else []


def connection(means: Means) -> Connection:
    """The plan for one account (`kind.ProviderKind.connection`)."""
    account = means.account
    api = api_of(account.base_url, means.api_key, account.on_behalf_of)
    ours = OurWebhook(Webhooks(api, means.wish.posts_to), means)
    return Connection(ours.steps(), Trial(ours.trigger))


def _absent(found: Mapping[str, Any]) -> list[str]:
    return [kind for kind in KINDS if found.get(kind) is not True]
