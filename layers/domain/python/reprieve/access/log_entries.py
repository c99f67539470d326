"""Log entries for changes of organizations, of what proves who a caller is, of provider accounts and of senders."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from reprieve.access.provider_account import DEFAULT, account_title
from reprieve.system_log.entry import EventType, LogEntry, Result, Severity, Target, change_entry, differences, entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.access.access_token import AccessToken
    from reprieve.access.client import Client, RefreshToken
    from reprieve.access.credential import Credential
    from reprieve.access.event_webhook import EventWebhook
    from reprieve.access.issuer import Issuer
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.access.sign_in import SignIn
    from reprieve.access.signing_key import SigningKey
    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.organization import Organization

MESSAGE: Final = {
    EventType.TOKEN_CREATE: "Create API token",
    EventType.TOKEN_UPDATE: "Update API token",
    EventType.TOKEN_REVOKE: "Revoke API token",
    EventType.SESSION_START: "User login to Reprieve",
    EventType.SESSION_END: "User logout from Reprieve",
    EventType.CLIENT_CREATE: "Create OAuth client",
    EventType.CLIENT_UPDATE: "Update OAuth client",
    EventType.CLIENT_REVOKE: "Revoke OAuth client",
    EventType.SIGN_IN_SET: "Set where people sign in",
    EventType.SIGN_IN_REMOVE: "Remove where people sign in",
    EventType.ISSUER_TRUST: "Trust outside issuer",
    EventType.ISSUER_DISTRUST: "Trust outside issuer no more",
    EventType.ORGANIZATION_CREATE: "Create organization",
    EventType.ORGANIZATION_UPDATE: "Change organization settings",
    EventType.PURGE_UPDATE: "Change bounce purge",
    EventType.PROVIDER_UPDATE: "Set provider account",
    EventType.PROVIDER_REMOVE: "Remove provider account",
    EventType.PROVIDER_RESUME: "Resume provider account",
    EventType.EVENT_WEBHOOK_CREATE: "Create event webhook",
    EventType.EVENT_WEBHOOK_UPDATE: "Change event webhook",
    EventType.EVENT_WEBHOOK_DELETE: "Delete event webhook",
    EventType.SENDER_CLAIM: "Claim sender",
    EventType.SENDER_RELEASE: "Release sender",
}
#: the attributes of a provider account that an entry compares as they are, by their names in it; of keys it says less
_FACTS: Final = ("kind", "base_url", "on_behalf_of", "region")


def credential_changed(
    event_type: EventType, credential: Credential, *, context: Context, before: Credential | None = None
) -> LogEntry:
    """The log entry for a credential that was issued, changed or revoked; never with its token.

    Args:
        event_type: TOKEN_CREATE, TOKEN_UPDATE or TOKEN_REVOKE.
        credential: as it is now.
        context: who made the change.
        before: as it was, where it was changed; the entry has both values of what differs.
    """
    changes = differences(_compared(before), _compared(credential)) if before else None
    target = Target(credential.id, "Token", credential.name, changes=changes)
    return change_entry(event_type, MESSAGE[event_type], target, context)


def client_changed(
    event_type: EventType, client: Client, *, context: Context, before: Client | None = None
) -> LogEntry:
    """The log entry for an OAuth client that was created, changed or revoked.

    Args:
        event_type: CLIENT_CREATE, CLIENT_UPDATE or CLIENT_REVOKE.
        client: as it is now.
        context: who made the change.
        before: as it was, where it was changed.
    """
    changes = differences({"role": before.role.value}, {"role": client.role.value}) if before else None
    target = replace(_client(client), changes=changes)
    return change_entry(event_type, MESSAGE[event_type], target, context)


def session_changed(event_type: EventType, *, context: Context) -> LogEntry:
    """The log entry for a session of the console that was opened or closed (SESSION_START, SESSION_END)."""
    actor = context.actor
    target = Target(actor.id, actor.type, actor.name, actor.alternate)
    return change_entry(event_type, MESSAGE[event_type], target, context)


def issuer_changed(event_type: EventType, issuer: Issuer, *, context: Context) -> LogEntry:
    """The log entry for an outside issuer that is trusted, or no more (ISSUER_TRUST, ISSUER_DISTRUST)."""
    target = Target(issuer.id, "IdentityProvider", issuer.url)
    facts = {"audience": issuer.audience, "jwksUrl": issuer.jwks_url, "claim": issuer.claim}
    return change_entry(event_type, MESSAGE[event_type], target, context, debug=facts)


def sign_in_changed(event_type: EventType, sign_in: SignIn, before: SignIn | None, *, context: Context) -> LogEntry:
    """The log entry for where people sign in; of the client's secret it says only whether it changed.

    Args:
        event_type: SIGN_IN_SET or SIGN_IN_REMOVE.
        sign_in: as it is now, or as it was until it was removed.
        before: as it was; None where none was set.
        context: who made the change.
    """
    new = _sign_in(sign_in)
    old = _sign_in(before) if before else dict.fromkeys(new, "")
    if (before.sealed_secret if before else b"") != sign_in.sealed_secret:
        old["clientSecret"] = "stored" if before and before.sealed_secret else "none"
        new["clientSecret"] = "another" if sign_in.sealed_secret else "none"
    changes = differences(old, new) if event_type is EventType.SIGN_IN_SET else None
    target = Target(sign_in.issuer.id, "IdentityProvider", sign_in.issuer.url, changes=changes)
    return change_entry(event_type, MESSAGE[event_type], target, context)


def token_granted(client: Client, token: AccessToken, *, context: Context) -> LogEntry:
    """The log entry for an access token that was issued; with its id and its scopes, never with the token."""
    debug = {"grantedScopes": " ".join(token.scopes), "accessTokenId": token.id}
    message = "OAuth2 access token is granted"
    return change_entry(EventType.TOKEN_GRANT, message, _client(client), context, debug=debug)


def token_revoked(token: RefreshToken, *, context: Context) -> LogEntry:
    """The log entry for a refresh token that was revoked."""
    target = Target(token.id, "RefreshToken", f"refresh token of {token.client_id}")
    return change_entry(EventType.REFRESH_REVOKE, "OAuth2 refresh token is revoked", target, context)


def signing_key_rotated(key: SigningKey, *, context: Context) -> LogEntry:
    """The log entry for a new signing key, in the log of each organization that it concerns."""
    target = Target(key.kid, "SigningKey", key.kid)
    return change_entry(EventType.KEY_ROTATE, "Rotate the key that signs access tokens", target, context)


def organization_changed(
    event_type: EventType, compared: Mapping[str, tuple[object, object]], *, context: Context
) -> LogEntry:
    """The log entry for an organization that was created or changed.

    Args:
        event_type: ORGANIZATION_CREATE, ORGANIZATION_UPDATE or PURGE_UPDATE.
        compared: by setting, its value before and after; a setting that stayed the same is left out.
        context: who made the change, and the organization.
    """
    organization = context.organization
    before = {name: _plain(old) for name, (old, _) in compared.items()}
    after = {name: _plain(new) for name, (_, new) in compared.items()}
    changes = None if event_type is EventType.ORGANIZATION_CREATE else differences(before, after)
    target = Target(organization.id, "Organization", organization.name, organization.id, changes)
    return change_entry(event_type, MESSAGE[event_type], target, context)


def provider_account_changed(before: ProviderAccount | None, after: ProviderAccount, *, context: Context) -> LogEntry:
    """The log entry for a provider account that was set; of the API key it says only whether it changed."""
    old, new = _account(before), _account(after)
    if (before.sealed_key if before else b"") != after.sealed_key:
        old["api_key"] = "stored" if before and before.sealed_key else "none"
        new["api_key"] = "another" if after.sealed_key else "none"
    return _account_entry(EventType.PROVIDER_UPDATE, after.name, context, differences(old, new))


def provider_account_removed(account: ProviderAccount, *, context: Context) -> LogEntry:
    """The log entry for a provider account that was deleted with its API key."""
    old, new = _account(account), _account(None)
    if account.sealed_key:
        old["api_key"], new["api_key"] = "stored", "none"
    return _account_entry(EventType.PROVIDER_REMOVE, account.name, context, differences(old, new))


def provider_paused(organization: Organization, name: str, reason: str, *, now: Millis) -> LogEntry:
    """The log entry for the pause of a provider account.

    Args:
        organization: whose account.
        name: which of its accounts.
        reason: the provider's answer, cleaned.
        now: in milliseconds.
    """
    return entry(
        EventType.PROVIDER_PAUSE,
        identity=f"{account_title(organization.id, name)}:{now}",
        published=now,
        message="Pause provider account",
        outcome=(Result.SUCCESS, reason),
        severity=Severity.WARN,
        target=account_target(organization, name),
        debug={},
    )


def provider_resumed(name: str, *, context: Context) -> LogEntry:
    """The log entry for a pause of the account of that name that was ended early."""
    return _account_entry(EventType.PROVIDER_RESUME, name, context)


def sender_changed(event_type: EventType, kind: str, sender: str, *, context: Context, account: str = "") -> LogEntry:
    """The log entry for a sender that was claimed or released (SENDER_CLAIM, SENDER_RELEASE).

    Args:
        event_type: one of the two.
        kind: of provider.
        sender: as it is kept.
        context: who asked.
        account: the account that it was claimed for.
    """
    debug = {"provider": kind, **account_debug(account)}
    target = Target(f"{kind}:{sender}", "Sender", sender)
    return change_entry(event_type, MESSAGE[event_type], target, context, debug=debug)


def event_webhook_changed(event_type: EventType, webhook: EventWebhook, *, context: Context) -> LogEntry:
    """The log entry for an event webhook that was set, changed or deleted; never with its signing key.

    Args:
        event_type: EVENT_WEBHOOK_CREATE, EVENT_WEBHOOK_UPDATE or EVENT_WEBHOOK_DELETE.
        webhook: as it was before, or as it was made.
        context: who asked.
    """
    target = Target(webhook.id, "EventWebhook", webhook.url)
    return change_entry(event_type, MESSAGE[event_type], target, context)


def account_debug(name: str) -> dict[str, str]:
    """What an entry says of the provider account that it is about: nothing of the default one, or of none."""
    return {} if name in {"", DEFAULT} else {"providerAccount": name}


def _account_entry(
    event_type: EventType,
    name: str,
    context: Context,
    changes: tuple[Mapping[str, object], Mapping[str, object]] | None = None,
) -> LogEntry:
    target = account_target(context.organization, name, changes)
    return change_entry(event_type, MESSAGE[event_type], target, context)


def account_target(
    organization: Organization,
    name: str,
    changes: tuple[Mapping[str, object], Mapping[str, object]] | None = None,
) -> Target:
    """A provider account of an organization as the target of a log entry; see `Target` for the changes."""
    title = account_title(organization.id, name)
    shown = organization.name if name == DEFAULT else f"{organization.name}: {name}"
    return Target(title, "ProviderAccount", shown, title, changes)


def _account(account: ProviderAccount | None) -> dict[str, object]:
    if account is None:
        return dict.fromkeys((*_FACTS, "webhook_key"), "")
    return {name: getattr(account, name) for name in _FACTS} | {"webhook_key": " ".join(account.shown_webhook_keys)}


def _sign_in(sign_in: SignIn) -> dict[str, object]:
    issuer = sign_in.issuer
    return {
        "issuer": issuer.url,
        "clientId": sign_in.client_id,
        "authorizationUrl": sign_in.authorization_url,
        "tokenUrl": sign_in.token_url,
        "jwksUrl": issuer.jwks_url,
        "claim": issuer.claim,
        "grants": [f"{one.value}={one.role}:{','.join(sorted(one.scopes))}".removesuffix(":") for one in issuer.grants],
        "privateCa": bool(issuer.private_ca),
    }


def _client(client: Client) -> Target:
    return Target(client.id, "PublicClientApp", client.name)


def _compared(credential: Credential) -> dict[str, object]:
    return {"name": credential.name, "scopes": _plain(credential.scopes), "role": credential.role.value}


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else value
