"""Log entries for policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.clock import timestamp
from reprieve.system_log.entry import EventType, LogEntry, Result, Severity, Target, change_entry, differences, entry

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.organization import PolicySetting
    from reprieve.policies.verdict import Verdict
    from reprieve.suppressions.evidence import Evidence
    from reprieve.suppressions.suppression import Suppression


def policy_changed(before: PolicySetting, after: PolicySetting, *, context: Context) -> LogEntry:
    """The log entry for a policy that was replaced, given up, enabled or disabled; the default's rules are ""."""
    organization = context.organization
    target = Target(
        organization.id, "Organization", organization.name, organization.id, differences(_facts(before), _facts(after))
    )
    return change_entry(EventType.POLICY_UPDATE, "Change policy for failed deliveries", target, context)


def policy_stopped(watched: int, failed: int, *, context: Context) -> LogEntry:
    """The log entry for a policy that was stopped: of the lifts that were watched, too many failed again."""
    organization = context.organization
    target = Target(organization.id, "Organization", organization.name, organization.id)
    debug = {"policyVersion": str(organization.policy.version), "watched": str(watched), "failed": str(failed)}
    return entry(
        EventType.POLICY_STOP,
        identity=f"{organization.id}:policy-{organization.policy.version}:stop",
        published=context.now,
        message="Stop policy",
        outcome=(Result.SUCCESS, "too many of its lifts failed again"),
        severity=Severity.WARN,
        target=target,
        debug=debug,
        context=context,
    )


def lifted(one: Suppression, evidence: Evidence, verdict: Verdict, *, context: Context) -> LogEntry:
    """The log entry for an address that a policy asks to be lifted: by which version and rule, and on which evidence.

    Args:
        one: what is lifted.
        evidence: about its address.
        verdict: which lifts it.
        context: the actor is the policy.
    """
    failures = [f"{timestamp(it.at)} {it.permanence} {it.classification} {it.status}" for it in evidence.outcomes]
    debug = {
        "list": one.list.value,
        "requestId": context.request_id,
        "policyVersion": str(context.organization.policy.version),
        "rule": verdict.rule,
        "ground": verdict.ground.value,
        "heldUntil": "" if verdict.until is None else timestamp(verdict.until),
        "delivered": "" if evidence.delivered_at is None else timestamp(evidence.delivered_at),
        "failures": "; ".join(it.rstrip() for it in failures),
        "lifts": str(evidence.lifts),
    }
    target = Target(one.key, "email", one.email)
    return change_entry(EventType.POLICY_LIFT, "Lift by policy", target, context, debug=debug)


def expiring(one: Suppression, verdict: Verdict, *, published: Millis, until: Millis, context: Context) -> LogEntry:
    """The log entry for a hold of a policy that ends soon; the same hold has the same entry.

    Args:
        one: what is held.
        verdict: which holds it.
        published: when it was to be announced, in milliseconds.
        until: when the hold ends.
        context: the actor is the policy.
    """
    return entry(
        EventType.POLICY_EXPIRING,
        identity=f"{context.organization.id}:{one.list}:{one.key}:{until}",
        published=published,
        message="Hold by policy ends soon",
        outcome=(Result.SUCCESS, None),
        severity=Severity.INFO,
        target=Target(one.key, "email", one.email),
        debug={**_said(one, verdict, context), "heldUntil": timestamp(until)},
        context=context,
    )


def matched(one: Suppression, verdict: Verdict, *, context: Context) -> LogEntry:
    """The log entry for an address that a rule has the organization hear of; the same failure has the same entry.

    Args:
        one: what stays suppressed.
        verdict: which says so.
        context: the actor is the policy.
    """
    return entry(
        EventType.POLICY_NOTIFY,
        identity=f"{context.organization.id}:{one.list}:{one.key}:{one.created}",
        published=one.created,
        message="Notify by policy",
        outcome=(Result.SUCCESS, None),
        severity=Severity.INFO,
        target=Target(one.key, "email", one.email),
        debug=_said(one, verdict, context),
        context=context,
    )


def _said(one: Suppression, verdict: Verdict, context: Context) -> dict[str, str]:
    return {
        "list": one.list.value,
        "policyVersion": str(context.organization.policy.version),
        "rule": verdict.rule,
        "providerMessage": one.reason,
        "enhancedStatusCode": one.status,
    }


def _facts(policy: PolicySetting) -> dict[str, object]:
    return {"version": policy.version, "enabled": policy.enabled, "rules": policy.rules}
