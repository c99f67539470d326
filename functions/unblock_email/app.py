"""POST /crm/{version}/{module}/actions/unblock_email (Zoho): lift the soft bounces of records."""

from reprieve.exchange import Request, Response
from reprieve.runtime import http, wiring
from reprieve.wire import zoho, zoho_unblock

handler = http.Api(zoho.DIALECT)


@handler.route("POST", "/{version}/{module}/actions/unblock_email")
@handler.route("POST", "/{version}/{module}/{record_id}/actions/unblock_email")
def unblock_email(request: Request) -> Response:
    """Unblock the records' addresses, or rehearse it; with an idempotency key once, however often it is sent."""
    asked = zoho_unblock.parse_unblock(request)

    def work() -> Response:
        outcomes = wiring.unblocks().request(
            request.by,
            asked.module,
            asked.ids,
            asked.fields,
            request_id=asked.request_id(request),
            provider="sendgrid",
            now=request.now,
            rehearsal=asked.rehearsal,
        )
        return zoho_unblock.render_unblock(asked, outcomes)

    if asked.key is None or asked.rehearsal:
        return work()
    answer, earlier = wiring.repeats().once(
        request.by.organization,
        asked.key,
        zoho.fingerprint(request),
        lambda: zoho_unblock.keep(work()),
        now=request.now,
    )
    return zoho_unblock.repeat(answer, earlier=earlier)
