"""/reprieve/docs: the OpenAPI documents of all APIs, and the pages that show them; the same for every caller."""

from pathlib import Path

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import dialect, documents
from reprieve.errors import NotFound
from reprieve.runtime import http

handler = http.Api(dialect.DIALECT)
#: what `make contract` wrote, by its name in the path
PUBLISHED = documents.read(Path(__file__).parent / "published")


@handler.open("GET", "/docs")
def index(request: Request) -> Response:
    """The page that leads to the others."""
    return documents.render(PUBLISHED["index"], request)


@handler.open("GET", "/docs/{document}")
def document(request: Request) -> Response:
    """One document or page."""
    name = request.path["document"]
    if name not in PUBLISHED:
        raise NotFound("document", "of that name")
    return documents.render(PUBLISHED[name], request)
