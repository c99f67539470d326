"""`make contract`: write the published documents into the function that serves them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from openapi import compose, page

if TYPE_CHECKING:
    from collections.abc import Mapping

PUBLISHED: Final = Path(__file__).parents[1] / "functions" / "documents" / "published"


def published() -> Mapping[str, str]:
    """Every published file, by its name."""
    documents = compose.documents()
    return {
        **{f"{name}.json": json.dumps(one, indent=1, ensure_ascii=False) + "\n" for name, one in documents.items()},
        **{f"{name}.html": page.page(name, documents) for name in documents},
        "index.html": page.index(documents),
        "llms.txt": page.llms(documents),
        "style.css": page.style(),
    }


def main() -> None:
    """Write them all, and remove what is no longer published."""
    files = published()
    shutil.rmtree(PUBLISHED, ignore_errors=True)
    PUBLISHED.mkdir()
    for name, text in files.items():
        (PUBLISHED / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
