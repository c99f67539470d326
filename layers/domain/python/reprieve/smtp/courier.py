"""The conversations with an organization's server: log in, and perhaps send the test mail.

A login by token takes two conversations, with the token endpoint and with the server; one deadline is over both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.email_servers.email_server import AuthType, Failing, ServerFailed, TokenAuth
from reprieve.net.deadline import Deadline
from reprieve.smtp import client, token
from reprieve.smtp.auth import Bearer, Login, Password
from reprieve.smtp.errors import AuthenticationFailed, MessageRefused, SmtpError, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.email_servers.email_server import OAuth, Settings
    from reprieve.net.guard import HostPolicy

#: the login and the mail, with the token before them, in seconds
DEADLINE_S: Final = 10.0
#: error -> the part that failed; every other error is a failed connection
PART: Final[dict[type[SmtpError], Failing]] = {
    AuthenticationFailed: Failing.LOGIN,
    TokenRefused: Failing.TOKEN,
    MessageRefused: Failing.MAIL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """`email_servers.ports.Courier`, over the network.

    Args:
        servers: which hosts and ports may be mail servers.
        token_endpoints: which may be token endpoints.
        client_name: see `client.probe`.

    Raises:
        ValueError: `client_name` is not a fully qualified domain name.
    """

    servers: HostPolicy
    token_endpoints: HostPolicy
    client_name: str = ""

    def __post_init__(self) -> None:
        if self.client_name and not client.is_client_name(self.client_name):
            raise ValueError("the client's name must be a fully qualified domain name in ASCII")

    def probe(self, settings: Settings, secret: str) -> None:
        """See the port."""

        def log_in(server: client.Endpoint, login: Login, deadline: Deadline) -> None:
            client.probe(server, login, policy=self.servers, client_name=self.client_name, deadline=deadline)

        self._hold(settings, secret, log_in)

    def send_test(self, settings: Settings, secret: str, *, sender: str, recipient: str) -> None:
        """See the port."""

        def send(server: client.Endpoint, login: Login, deadline: Deadline) -> None:
            client.send_test(
                server,
                login,
                sender=sender,
                recipient=recipient,
                policy=self.servers,
                client_name=self.client_name,
                deadline=deadline,
            )

        self._hold(settings, secret, send)

    def _hold(
        self, settings: Settings, secret: str, conversation: Callable[[client.Endpoint, Login, Deadline], None]
    ) -> None:
        deadline = Deadline(DEADLINE_S)
        try:
            login = self._login(settings, secret, deadline)
            server = client.Endpoint(settings.host, settings.port, settings.private_ca or None)
            conversation(server, login, deadline)
        except SmtpError as error:
            part = PART.get(type(error), Failing.CONNECTION)
            failure = ServerFailed(part, error.reason.value, code=error.code, enhanced=error.enhanced)
        else:
            return
        # raised out here, so that no frame with the secret hangs on it
        raise failure

    def _login(self, settings: Settings, secret: str, deadline: Deadline) -> Login:
        if settings.oauth is None:
            return Password(settings.username, secret)
        grant = _grant(settings, settings.oauth, secret)
        return Bearer(settings.username, token.fetch(grant, policy=self.token_endpoints, deadline=deadline))


def _grant(settings: Settings, oauth: OAuth, secret: str) -> token.Grant:
    if settings.auth_type is AuthType.CLIENT_CREDENTIALS:
        return token.ClientCredentials(
            endpoint=oauth.token_endpoint,
            client_id=oauth.client_id,
            client_secret=secret,
            authentication=oauth.client_auth or TokenAuth.BASIC,
            scopes=oauth.scopes,
        )
    from reprieve.smtp.jwt_bearer import JwtBearer  # noqa: PLC0415 - only a signed login pays for cryptography

    return JwtBearer(
        endpoint=oauth.token_endpoint,
        client_id=oauth.client_id,
        key_id=oauth.key_id,
        issuer=oauth.issuer,
        subject=oauth.subject,
        audience=oauth.audience,
        scopes=oauth.scopes,
        private_key=secret,
    )
