"""The errors of an exchange with another machine.

The other machine may be hostile: it can repeat the password that it was sent, or try to write into our log. So an error
holds a sentence from a closed list, and never a word of what the other side said.
"""

from __future__ import annotations

from enum import StrEnum

from reprieve.errors import ReprieveError


class Trouble(StrEnum):
    """Every sentence that an error of this package can say."""

    HOST_REFUSED = "this host and port are not among those that may be connected to"
    UNREACHABLE = "the server could not be reached, or hung up"
    TIMED_OUT = "the server took longer than the time allowed"
    CERTIFICATE = "the server's certificate could not be verified"
    ENCRYPTION = "an encrypted connection could not be agreed with the server"
    OVERSIZED = "the server sent more than is accepted"
    GARBLED = "the server's answer does not follow its protocol"


class NetError(ReprieveError):
    """There was no complete, orderly exchange; `str(error)` is the trouble's sentence.

    Args:
        trouble: what went wrong, from the closed list.
    """

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble
