"""/v3/asm/groups (SendGrid): the unsubscribe groups."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.sendgrid import dialect, groups
from reprieve.runtime import http, settings, wiring

settings.require("SECRETS_KEY")
handler = http.Api(dialect.DIALECT)


@handler.route("GET", "/asm/groups", scopes=dialect.group_scopes("read"))
def every(request: Request) -> Response:
    """All groups, or those with certain ids."""
    ids, by = groups.parse_ids(request), request.organization
    found = [one for one in wiring.group_store().all(by).groups if ids is None or one.id in ids]
    counts = wiring.listing().counts(by, [one.list for one in found], now=request.now)
    return groups.render_groups(found, {one.id: count for one, count in zip(found, counts, strict=True)})


@handler.route("POST", "/asm/groups", scopes=dialect.group_scopes("create"))
def create(request: Request) -> Response:
    """Add a group, here and at the provider."""
    wanted = groups.parse_new(request)
    return groups.render_created(wiring.unsubscribe_groups().create(request.context, wanted))


@handler.route("GET", "/asm/groups/{group_id}", scopes=dialect.group_scopes("read"))
def one(request: Request) -> Response:
    """One group."""
    by = request.organization
    found = wiring.group_store().all(by).get(groups.group_id_in(request))
    (count,) = wiring.listing().counts(by, [found.list], now=request.now)
    return groups.render_group(found, count)


@handler.route("PATCH", "/asm/groups/{group_id}", scopes=dialect.group_scopes("update"))
def change(request: Request) -> Response:
    """Change a group, here and at the provider."""
    group_id, changes = groups.group_id_in(request), groups.parse_changes(request)
    return groups.render_changed(wiring.unsubscribe_groups().change(request.context, group_id, changes))


@handler.route("DELETE", "/asm/groups/{group_id}", scopes=dialect.group_scopes("delete"))
def delete(request: Request) -> Response:
    """Delete a group and its list, here and at the provider."""
    wiring.unsubscribe_groups().delete(request.context, groups.group_id_in(request))
    return Response(204)
