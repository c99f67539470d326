"""Reading the system log by what it is about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from reprieve.store import keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.organization import Organization
    from reprieve.store.table import Table


class LogReader:
    """`ports.LogReader` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def about(self, organization: Organization, target: str, *, limit: int) -> list[Mapping[str, Any]]:
        """See the port."""
        page = self._table.query(
            "#target = :target",
            {":target": keys.log_target(organization, target)},
            index="ByTarget",
            newest_first=True,
            limit=limit,
        )
        return [json.loads(cast("str", item["event"])) for item in page.items]
