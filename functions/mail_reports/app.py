"""POST /reprieve/mail-reports: bounces and complaints that came as mails."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import dialect, mail_reports
from reprieve.dialects.reprieve.events import render_report
from reprieve.providers.mail.provider import MAIL
from reprieve.providers.mail.reports import read_report
from reprieve.runtime import http, metrics, settings, wiring
from reprieve.suppressions.ingest import Post

settings.require("DEAD_LETTER_QUEUE_URL")
handler = http.Api(dialect.DIALECT)


@handler.route("POST", "/mail-reports", scopes=mail_reports.CREATE)
def take(request: Request) -> Response:
    """Take in what a mail reports; the caller's credential proves that it is the organization's."""
    batch = read_report(Post({}, mail_reports.parse_mail(request), request.now))
    report = wiring.ingest().accept(request.organization, batch, provider_name=MAIL.name, now=request.now)
    metrics.ingest(report, service="mail-reports")
    return render_report(report)
