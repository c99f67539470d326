"""The policy of an organization: setting it, going back to the default, enabling and disabling it.

Each change is one version further and is made over the version that was read, so that none overwrites another unseen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reprieve.errors import Conflict
from reprieve.organization import PolicySetting
from reprieve.policies.contradictions import check
from reprieve.policies.log_entries import policy_changed, policy_stopped
from reprieve.policies.written import text_of

if TYPE_CHECKING:
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.policies.policy import Policy
    from reprieve.policies.ports import PolicyStore
    from reprieve.system_log.ports import EventLog


@dataclass(frozen=True, slots=True)
class Policies:
    """The verbs, for the organization of a context as it was read before; each returns it as it is then.

    All raise Conflict when the policy has another version by now; nothing is changed then. An entry of the system log
    is written once a change is done. If the log does not answer, the caller gets Unavailable though the change stands.
    """

    store: PolicyStore
    log: EventLog

    def put(self, context: Context, policy: Policy, *, enabled: bool, version: int) -> Organization:
        """Replace the policy.

        Args:
            context: who asks.
            policy: the new rules.
            enabled: whether they are in force.
            version: of the policy that is replaced; 0 where none was ever set.

        Raises:
            InvalidInput: the policy contradicts itself, or is too long; names the member.
        """
        # its length is checked first: to compare the rules of a long one takes long
        after = PolicySetting(text_of(policy), version + 1, enabled)
        check(policy)
        return self._change(context, after, version)

    def reset(self, context: Context, *, version: int) -> Organization:
        """Go back to the default policy, which is not in force; `version` is of the policy that is given up."""
        return self._change(context, PolicySetting(version=version + 1), version)

    def enable(self, context: Context, *, enabled: bool) -> Organization:
        """Have the policy in force, or not; nothing is changed where it is so already."""
        before = context.organization.policy
        if before.enabled == enabled:
            return context.organization
        after = replace(before, version=before.version + 1, enabled=enabled)
        return self._change(context, after, before.version)

    def stop(self, context: Context, *, watched: int, failed: int) -> Organization:
        """Have the policy lift nothing more, because too many of its lifts failed again.

        The entry of the system log comes first, so that no policy is stopped without its reason; that of a repetition
        is the same.

        Args:
            context: the actor is the policy.
            watched: how many lifts were watched.
            failed: how many of them failed again.
        """
        self.log.append(context.organization, [policy_stopped(watched, failed, context=context)])
        return self.enable(context, enabled=False)

    def _change(self, context: Context, after: PolicySetting, version: int) -> Organization:
        organization = context.organization
        changed = replace(organization, policy=after)
        if version != organization.policy.version or not self.store.set_policy(organization.id, after):
            raise Conflict("the policy has another version: read it again")
        self.log.append(organization, [policy_changed(organization.policy, after, context=context)])
        return changed
