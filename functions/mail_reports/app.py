"""POST /reprieve/mail-reports: bounces and complaints that came as mails."""

from reprieve.access.provider_accounts import checked_account
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
    batch, by = read_report(Post({}, mail_reports.parse_mail(request), request.now)), request.organization
    account = checked_account(wiring.access(), by.id, mail_reports.parse_account(request))
    report = wiring.ingest().accept(by, batch, provider_name=MAIL.name, account=account, now=request.now)
    metrics.ingest(report, service="mail-reports")
    return render_report(report)
