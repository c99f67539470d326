"""POST /crm/{version}/{module}/actions/unblock_email (Zoho): lift the soft bounces of records."""

from dataclasses import replace

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.zoho import dialect, modules, removals
from reprieve.runtime import http, wiring

handler = http.Api(dialect.DIALECT)
SCOPES = modules.allowing("UPDATE", mail=True)


@handler.route(
    "POST",
    "/{version}/{module}/actions/unblock_email",
    scopes=SCOPES,
    permission=removals.permission,
    queues=True,
)
@handler.route(
    "POST",
    "/{version}/{module}/{record_id}/actions/unblock_email",
    scopes=SCOPES,
    permission=removals.permission,
    queues=True,
)
def unblock_email(request: Request) -> Response:
    """Unblock the records' addresses, or rehearse it; with an idempotency key once, however often it is sent."""
    asked = removals.parse_unblock(request)

    def work() -> Response:
        outcomes = wiring.unblocks().request(
            replace(request.context, request_id=asked.request_id(request)),
            asked.module,
            asked.ids,
            asked.fields,
            rehearsal=asked.rehearsal,
        )
        return removals.render_unblock(asked, outcomes)

    if asked.key is None or asked.rehearsal:
        return work()
    answer, earlier = wiring.repeats().once(
        request.organization,
        asked.key,
        removals.fingerprint(request),
        lambda: removals.keep(work()),
        now=request.now,
    )
    return removals.repeat(answer, earlier=earlier)
