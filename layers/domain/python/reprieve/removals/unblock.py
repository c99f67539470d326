"""Unblocking addresses, of records or by proof: a removal like any other, but judged and counted; see `block`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.errors import Unavailable
from reprieve.recipients.users import IDENTIFIER
from reprieve.removals.block import BlockKind, BlockState, UnblockOutcome
from reprieve.removals.log_entries import removal_requested, unblocks_reset
from reprieve.removals.removal import RemovalRequest
from reprieve.suppressions.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.address import Address
    from reprieve.context import Context
    from reprieve.recipients.ports import RecipientStore
    from reprieve.recipients.recipient import Field, Recipient
    from reprieve.removals.allowance import Allowance
    from reprieve.removals.ports import UnblockStore
    from reprieve.removals.proof import Proof
    from reprieve.system_log.ports import EventLog

#: how often addresses that changed while they were judged are judged again
ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class Unblock:
    """The outcome for one address that something proves to receive mail.

    Attributes:
        kind: how it was blocked before.
        remaining: how many unblocks are left, after this one.
    """

    outcome: UnblockOutcome
    kind: BlockKind
    remaining: int


@dataclass(frozen=True, slots=True)
class FieldResult:
    """The outcome for the address in one field.

    Attributes:
        kind: how it was blocked before.
        remaining: how many unblocks are left, after this one.
    """

    field: Field
    outcome: UnblockOutcome
    kind: BlockKind
    remaining: int


@dataclass(frozen=True, slots=True)
class RecordResult:
    """The outcome for one record, in the order asked; `fields` has only those in which it has an address."""

    id: str
    outcome: UnblockOutcome
    fields: tuple[FieldResult, ...] = ()


#: which of two fields' outcomes is the record's: one address unblocked makes the record unblocked, and of two refusals
#: the more lasting one is reported
PRECEDENCE: Final = (UnblockOutcome.UNBLOCKED, UnblockOutcome.PERMANENT, UnblockOutcome.EXHAUSTED, UnblockOutcome.FREE)


@dataclass(frozen=True, slots=True)
class Unblocks:
    """Unblocking, on behalf of a caller."""

    suppressions: UnblockStore
    recipients: RecipientStore
    log: EventLog
    allowance: Allowance

    def request(
        self,
        context: Context,
        module: str,
        identifiers: Sequence[str],
        fields: Sequence[Field],
        *,
        rehearsal: bool = False,
    ) -> list[RecordResult]:
        """Unblock the addresses of records.

        Args:
            context: who asks. What a request with the same id did before stays done, and is counted once.
            module: the records' module.
            identifiers: of the records; one that comes twice is answered twice, and unblocked once.
            fields: which of their addresses.
            rehearsal: report what would happen, and change nothing.

        Returns:
            One outcome per identifier, in order. What is UNBLOCKED is durable when this returns.

        Raises:
            Forbidden: the caller's role does not allow it; see `Allowance`. Of a request with several addresses, some
                may be recorded if they changed meanwhile.
            Unavailable: ask again; some of it may be recorded.
        """
        organization = context.organization
        possible = [identifier for identifier in dict.fromkeys(identifiers) if IDENTIFIER.fullmatch(identifier)]
        found = self.recipients.get_many(organization, module, possible)
        records = {record.id: record for record in found}
        addresses = {
            address.key: address for record in found for field in fields if (address := field.of(record)) is not None
        }
        judged = self._judge(context, addresses) if rehearsal else self._carry_out(context, addresses)
        threshold = organization.soft_bounce_threshold
        return [_result(identifier, records.get(identifier), fields, judged, threshold) for identifier in identifiers]

    def by_proof(self, context: Context, address: Address, proof: Proof) -> Unblock:
        """Unblock an address that something proves to receive mail.

        Args:
            context: who asks.
            address: the address; it need not be a recipient's here, since it was mailed.
            proof: what proves it, for the system log.

        Returns:
            The outcome: UNBLOCKED, which is durable, FREE or EXHAUSTED.

        Raises:
            Forbidden: the caller's role does not allow it; see `Allowance`.
            Unavailable: ask again; it may be recorded.
        """
        state, outcome = self._carry_out(context, {address.key: address}, proof)[address.key]
        spent = outcome is UnblockOutcome.UNBLOCKED
        return Unblock(outcome, state.kind(context.organization.soft_bounce_threshold), state.remaining - spent)

    def reset(self, context: Context, key: str) -> int:
        """Reset the count of an address's unblocks, and return the old count. For operators only."""
        before = self.suppressions.reset(context.organization, key)
        self.log.append(context.organization, [unblocks_reset(key, before, context=context)])
        return before

    def _judge(
        self, context: Context, addresses: Mapping[str, Address], proof: Proof | None = None
    ) -> dict[str, tuple[BlockState, UnblockOutcome]]:
        organization = context.organization
        block_states = self.suppressions.block_states(organization, list(addresses), now=context.now)
        threshold = organization.soft_bounce_threshold
        proved = proof is not None
        return {
            key: (state, state.outcome(threshold, context.request_id, proved=proved))
            for key, state in block_states.items()
        }

    def _carry_out(
        self, context: Context, addresses: Mapping[str, Address], proof: Proof | None = None
    ) -> dict[str, tuple[BlockState, UnblockOutcome]]:
        """Judge and record, until all that is judged UNBLOCKED is recorded."""
        request_id = context.request_id
        requests = {
            key: RemovalRequest(f"{request_id}-{number}", SuppressionList.BOUNCES, key, address.spelling)
            for number, (key, address) in enumerate(addresses.items())
        }
        judged: dict[str, tuple[BlockState, UnblockOutcome]] = {}
        left, counted = dict(addresses), set[str]()
        for _ in range(ROUNDS):
            judged |= self._judge(context, left, proof)
            wanted = {
                key: (judged[key][0], requests[key])
                for key in left
                if judged[key][1] is UnblockOutcome.UNBLOCKED and request_id not in judged[key][0].requests
            }
            done: set[str] = set()
            self.allowance.spend(context, SuppressionList.BOUNCES, len(wanted.keys() - counted))
            counted |= wanted.keys()
            if wanted:
                done = self.suppressions.request_unblocks(context, wanted)
            left = {key: addresses[key] for key in wanted if key not in done}
            if not left:
                free = [key for key in addresses if judged[key][1] is UnblockOutcome.UNBLOCKED]
                self._log(context, [addresses[key].spelling for key in free], proof)
                return judged
        raise Unavailable("the addresses kept changing")

    def _log(self, context: Context, emails: Sequence[str], proof: Proof | None) -> None:
        if emails:
            asked = removal_requested(emails, SuppressionList.BOUNCES, context=context, proof=proof or "")
            self.log.append(context.organization, asked)


def _result(
    identifier: str,
    record: Recipient | None,
    fields: Sequence[Field],
    judged: Mapping[str, tuple[BlockState, UnblockOutcome]],
    threshold: int,
) -> RecordResult:
    if record is None:
        return RecordResult(identifier, UnblockOutcome.UNKNOWN)
    results = []
    for field in fields:
        address = field.of(record)
        if address is not None:
            state, outcome = judged[address.key]
            kind = state.kind(threshold)
            spent = outcome is UnblockOutcome.UNBLOCKED and kind is BlockKind.TEMPORARY
            results.append(FieldResult(field, outcome, kind, state.remaining - spent))
    outcomes = {result.outcome for result in results} or {UnblockOutcome.FREE}
    return RecordResult(identifier, next(outcome for outcome in PRECEDENCE if outcome in outcomes), tuple(results))
