"""Mails in a bucket of S3, as Amazon SES puts them there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.store.faults import Fault, unavailable

if TYPE_CHECKING:
    from reprieve.store.transport import Transport

#: S3's codes for an object that is gone, and for one without any octet
_GONE: Final = "NoSuchKey"
_EMPTY: Final = "InvalidRange"


class Mailbox:
    """The mails of a bucket, which outlive what is made of them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def beginning(self, bucket: str, key: str, octets: int) -> bytes | None:
        """The first octets of a mail; None for one that is not there any more.

        Raises:
            Unavailable: S3 did not answer.
        """
        arguments = {"Bucket": bucket, "Key": key, "Range": f"bytes=0-{octets - 1}"}
        try:
            content: bytes = self._transport.call("GetObject", arguments)["Body"].read(octets)
        except Fault as fault:
            if fault.code == _GONE:
                return None
            if fault.code == _EMPTY:
                return b""
            raise unavailable("the bucket did not answer", fault) from fault
        return content
