"""The documents: every link and make target exists, and every route, parameter and page is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reprieve.dialects import export_lines
from reprieve.system_log.entry import EventType
from tests.support.routes import routes
from tests.support.tables import template

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: the pages that have the routes of the APIs and of the console
REFERENCES = [*sorted((DOCS / "reference").glob("*-api.md")), DOCS / "reference" / "console.md"]
#: the repository's own pages; what npm installs has others
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "bench/*.md", "events/*.md", "tests/*/*.md")
    for path in ROOT.glob(pattern)
)

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
MAKE = re.compile(r"\bmake ([a-z-]+)(?=[ `\n]|$)")


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the forges make them: lower case, punctuation gone, hyphens for spaces."""
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in HEADING.findall(prose(page))
    }


def links(page: Path) -> list[tuple[Path, str]]:
    """The files that a page links to in this repository, each with its anchor or ""."""
    found = []
    for target in LINK.findall(prose(page)):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            found.append(((page.parent / path).resolve() if path else page, anchor))
    return found


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_of_a_page_leads_to_a_file_and_a_heading_that_are_there(page: Path) -> None:
    broken = [
        f"{path.relative_to(ROOT)}#{anchor}"
        for path, anchor in links(page)
        if not path.exists() or (anchor and anchor not in anchors(path))
    ]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_make_target_that_a_page_names_is_in_the_makefile(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    in_code = re.findall(r"`([^`\n]+)`", prose(page)) + FENCE.findall(page.read_text(encoding="utf-8"))
    named = {target for code in in_code for target in MAKE.findall(code)}
    assert named <= targets


def test_every_page_is_linked_by_the_index_of_its_folder() -> None:
    decisions, runbook = DOCS / "decisions", DOCS / "runbook"
    others = {path for path in DOCS.rglob("*.md") if path.parent not in {decisions, runbook}}
    for index, pages in (
        (decisions / "README.md", set(decisions.glob("*.md"))),
        (runbook / "README.md", set(runbook.glob("*.md"))),
        (DOCS / "README.md", others),
    ):
        assert pages - {path for path, _ in links(index)} == {index}


def test_the_readme_leads_to_every_room_of_the_documents() -> None:
    reached = {path for path, _ in links(ROOT / "README.md")}
    wanted = {ROOT / name for name in ("docs/README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE")}
    assert wanted <= reached


def test_a_decision_has_a_number_of_its_own_a_date_a_status_and_its_parts() -> None:
    files = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    for number, path in enumerate(files, 1):
        text = path.read_text(encoding="utf-8")
        assert path.name.startswith(f"{number:04d}-")
        assert text.startswith(f"# {number}. ")
        assert re.search(
            r"^Date: \d{4}-\d\d-\d\d\. Status: (accepted|superseded by \[\d+\]\(.+\))\.$", text, re.MULTILINE
        )
        assert HEADING.findall(text)[1:] == ["Context", "Choice", "Alternatives"]


def test_every_attribute_of_an_export_is_in_the_reference() -> None:
    rows = re.findall(
        r"^\| `(\w+)\.jsonl` \|(.+)$", (DOCS / "reference" / "export-format.md").read_text(), re.MULTILINE
    )
    documented = {kind: set(re.findall(r"`([a-z_]+)`", text)) for kind, text in rows}
    assert documented == {
        kind.value: {one.alias or name for name, one in line.model_fields.items()}
        for kind, line in export_lines.LINES.items()
    }


def test_every_route_is_in_the_reference() -> None:
    """A path as a caller sees it, behind its stage."""
    reference = "\n".join(path.read_text(encoding="utf-8") for path in REFERENCES)
    named = set(re.findall(r"/[^\s`?]+", reference))
    served = {f"/{route.dialect.stage}{route.resource}".replace("+}", "}") for route in routes()}
    assert served - named == set()


def test_every_parameter_of_the_template_is_in_the_reference_and_no_other() -> None:
    page = (DOCS / "reference" / "parameters.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([A-Z]\w+)` \|", page, re.MULTILINE)) == set(template()["Parameters"])


def test_the_glossary_has_each_word_once() -> None:
    page = (DOCS / "reference" / "glossary.md").read_text(encoding="utf-8")
    words = [word for word in re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE) if word not in {"word", "---"}]
    assert len(set(words)) == len(words)


def test_every_event_of_the_system_log_is_in_the_reference_and_no_other() -> None:
    text = (DOCS / "reference" / "log-events.md").read_text(encoding="utf-8")
    first_cells = " ".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`([a-z0-9_.]+)`", first_cells)) == {event_type.value for event_type in EventType}
