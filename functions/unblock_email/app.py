"""POST /crm/{version}/{module}/actions/unblock_email (Zoho): lift the soft bounces of records."""

from dataclasses import replace

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.zoho import dialect as zoho
from reprieve.dialects.zoho import removals as zoho_unblock
from reprieve.runtime import http, wiring

handler = http.Api(zoho.DIALECT)


@handler.route("POST", "/{version}/{module}/actions/unblock_email")
@handler.route("POST", "/{version}/{module}/{record_id}/actions/unblock_email")
def unblock_email(request: Request) -> Response:
    """Unblock the records' addresses, or rehearse it; with an idempotency key once, however often it is sent."""
    asked = zoho_unblock.parse_unblock(request)

    def work() -> Response:
        outcomes = wiring.unblocks().request(
            replace(request.context, request_id=asked.request_id(request)),
            asked.module,
            asked.ids,
            asked.fields,
            rehearsal=asked.rehearsal,
        )
        return zoho_unblock.render_unblock(asked, outcomes)

    if asked.key is None or asked.rehearsal:
        return work()
    answer, earlier = wiring.repeats().once(
        request.organization,
        asked.key,
        zoho.fingerprint(request),
        lambda: zoho_unblock.keep(work()),
        now=request.now,
    )
    return zoho_unblock.repeat(answer, earlier=earlier)
