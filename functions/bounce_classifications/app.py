"""/v3/suppression/bounces/classifications (SendGrid): how many bounces and blocks, day by day, and why."""

from collections.abc import Iterator

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.sendgrid import classifications, dialect
from reprieve.runtime import http, wiring
from reprieve.suppressions.counts import by_classification, by_domain
from reprieve.suppressions.suppression import Suppression, SuppressionList

handler = http.Api(dialect.DIALECT)
SCOPES = dialect.scopes(SuppressionList.BOUNCES, "read")


# SendGrid documents the first path and answers on the second
@handler.route("GET", "/suppression/bounces/classifications", scopes=SCOPES)
@handler.route("GET", "/suppressions/bounces/classifications", scopes=SCOPES)
def by_day(request: Request) -> Response:
    """Counts by classification."""
    return classifications.render_by_classification(by_classification(classified(request)), request)


@handler.route("GET", "/suppression/bounces/classifications/{classification}", scopes=SCOPES)
@handler.route("GET", "/suppressions/bounces/classifications/{classification}", scopes=SCOPES)
def domains(request: Request) -> Response:
    """Counts of one classification by the domain of the address."""
    wanted = classifications.classification_in(request)
    found = (one for one in classified(request) if one.classification is wanted)
    return classifications.render_by_domain(by_domain(found), request)


def classified(request: Request) -> Iterator[Suppression]:
    """The entries of the lists that SendGrid classifies."""
    selection = classifications.parse_days(request)
    for name in classifications.CLASSIFIED:
        yield from wiring.listing().each(request.organization, name, selection, now=request.now)
