"""The bill of a month: units measured on the real code, times a table of prices.

    PYTHONPATH=layers/domain/python python -m bench.cost            # print the tables, and write docs/reference/cost.md
    PYTHONPATH=layers/domain/python python -m bench.cost --measure  # measure anew into cost.json (dynoxide)

The units are those of DynamoDB, counted by dynoxide, whose figures agree with AWS's formulas, while the functions'
own handlers answer requests. What cannot be measured without AWS is an assumption with a name in `Assumed`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

MEASURED: Final = Path(__file__).with_name("cost.json")
PAGE: Final = Path(__file__).parents[1] / "docs" / "reference" / "cost.md"
TEMPLATE: Final = Path(__file__).parents[1] / "template.yaml"
BEGIN: Final = "<!-- bench.cost -->"
END: Final = "<!-- end -->"

MILLION: Final = 1_000_000
GB: Final = 1_000_000_000
DAYS: Final = 30
#: runs of a function that is scheduled every 2 minutes
RUNS: Final = DAYS * 24 * 30
#: what DynamoDB adds to the size of each item in a table or an index, for the bill of storage
ITEM_OVERHEAD: Final = 100
LOG_DAYS: Final = 90
#: the slots of the queue, which the removal job looks at side by side
SLOTS: Final = 16


@dataclass(frozen=True, slots=True)
class Price:
    """A price in USD, us-east-1.

    Attributes:
        of: what it is of.
        usd: per unit.
        per: the unit.
        source: where it was read, and how sure that is: C by AWS's words, L by others' words, R from memory.
    """

    of: str
    usd: float
    per: str
    source: str


READ_ON: Final = "2026-11-27"
PRICES: Final = {
    "write": Price("DynamoDB, write request unit", 0.625, "million", "L"),
    "read": Price("DynamoDB, read request unit", 0.125, "million", "L"),
    "storage": Price("DynamoDB, storage", 0.25, "GB-month", "R"),
    "recovery": Price("DynamoDB, point-in-time recovery", 0.20, "GB-month", "R"),
    "invocation": Price("Lambda, request", 0.20, "million", "L"),
    "compute": Price("Lambda, arm64", 13.3334, "million GB-seconds", "L"),
    "gateway": Price("API Gateway, REST request", 3.50, "million", "L"),
    "key": Price("KMS, key", 1.00, "month", "C"),
    "kms": Price("KMS, request", 3.00, "million", "L"),
    "logs": Price("CloudWatch, function logs ingested", 0.50, "GB", "R"),
    "alarm": Price("CloudWatch, alarm", 0.10, "month", "R"),
    "metric": Price("CloudWatch, custom metric", 0.30, "month", "L"),
}


@dataclass(frozen=True, slots=True)
class Assumed:
    """What the bill assumes of the use, and of what only AWS could show.

    Attributes:
        events_a_post: delivery events per post of the webhook.
        new: the share of events that put an address on a list for the first time.
        known: the share of events about an address that is on the list already.
        lifted: the share of events whose address is lifted later.
        addresses_a_request: addresses per request that lifts.
        questions: other API requests per event: a page of a list, an address, a page of the log, a third each.
        call_ms: the time that one call of DynamoDB takes a function.
        slower: how much slower a function's share of a processor is than the one that `cpu_ms` was measured on.
        memory_gb: of a function.
        log_overhead: bytes per invocation that Lambda itself writes to the function log.
    """

    events_a_post: int = 100
    new: float = 0.02
    known: float = 0.01
    lifted: float = 0.005
    addresses_a_request: int = 100
    questions: float = 0.01
    call_ms: float = 6.0
    slower: float = 3.0
    memory_gb: float = 0.5
    log_overhead: int = 400


ASSUMED: Final = Assumed()


@dataclass(frozen=True, slots=True)
class Unit:
    """What one operation takes: units and calls of DynamoDB, requests of KMS, processor time, bytes of function log."""

    reads: float = 0.0
    writes: float = 0.0
    calls: float = 0.0
    kms: float = 0.0
    cpu_ms: float = 0.0
    log_bytes: float = 0.0

    def times(self, factor: float) -> Unit:
        """So many of them."""
        return Unit(*(getattr(self, one.name) * factor for one in fields(self)))

    def plus(self, other: Unit) -> Unit:
        """Both together."""
        return Unit(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured.

    Attributes:
        on: the day.
        post: a post of `events_a_post` events that were delivered.
        new: more, for an event that puts an address on a list.
        known: more, for one about an address that is there already.
        lift: a request that lifts `addresses_a_request` addresses.
        carried: a removal that the job carries out.
        page: a page of 100 entries of a list.
        address: why an address is not mailed.
        log: a page of 100 entries of the system log.
        job: a run of the removal job, upkeep included, without any organization.
        idle: more, for each organization that has nothing to do.
        compared: an organization's share of the daily comparison, when nothing is missing.
        log_entry: bytes that an entry of the system log takes, in its table and indexes.
        record: bytes that an address on a list takes, likewise.
        metrics: the names of metrics that the functions write.
    """

    on: str
    post: Unit
    new: Unit
    known: Unit
    lift: Unit
    carried: Unit
    page: Unit
    address: Unit
    log: Unit
    job: Unit
    idle: Unit
    compared: Unit
    log_entry: float
    record: float
    metrics: int

    @classmethod
    def load(cls) -> Measured:
        """The stored measurements."""
        content = json.loads(MEASURED.read_text(encoding="utf-8"))
        values: dict[str, Any] = {
            name: Unit(**value) if isinstance(value, dict) else value for name, value in content.items()
        }
        return cls(**values)


# ---------------------------------------------------------------- the bill


def bill(measured: Measured, *, events: int, organizations: int = 1, a: Assumed = ASSUMED) -> dict[str, float]:
    """The bill of a month in USD, by line.

    Args:
        measured: the units.
        events: delivery events per day, of all organizations together.
        organizations: how many there are; those without events only wait.
        a: the assumptions.
    """
    monthly = events * DAYS
    posts, asked, questions = (
        monthly / a.events_a_post,
        monthly * a.lifted / a.addresses_a_request,
        monthly * a.questions,
    )
    webhook = (
        measured.post.times(posts)
        .plus(measured.new.times(monthly * a.new))
        .plus(measured.known.times(monthly * a.known))
    )
    lifting = measured.lift.times(asked).plus(measured.carried.times(monthly * a.lifted))
    asking = measured.page.plus(measured.address).plus(measured.log).times(questions / 3)
    waiting = measured.job.times(RUNS).plus(measured.idle.times(RUNS * organizations))
    waiting = waiting.plus(measured.compared.times(DAYS * organizations))
    requests = posts + asked + questions
    invocations = requests + 2 * RUNS + DAYS
    together = webhook.plus(lifting).plus(asking).plus(waiting)
    # the job looks at the slots of its queue side by side
    looks = RUNS * (SLOTS - 1)
    milliseconds = (together.calls - looks) * a.call_ms + together.cpu_ms * a.slower
    entries = monthly * LOG_DAYS / DAYS
    stored = (entries * measured.log_entry + monthly * 12 * a.new * measured.record) / GB
    logged = (together.log_bytes + invocations * a.log_overhead) / GB
    return {
        "DynamoDB, webhook": _units(webhook),
        "DynamoDB, lifting": _units(lifting),
        "DynamoDB, other requests": _units(asking),
        "DynamoDB, schedules": _units(waiting),
        "DynamoDB, storage": stored * (PRICES["storage"].usd + PRICES["recovery"].usd),
        "API Gateway": requests / MILLION * PRICES["gateway"].usd,
        "Lambda": invocations / MILLION * PRICES["invocation"].usd
        + milliseconds / 1_000 * a.memory_gb / MILLION * PRICES["compute"].usd,
        "KMS": PRICES["key"].usd + together.kms / MILLION * PRICES["kms"].usd,
        "CloudWatch": logged * PRICES["logs"].usd
        + alarms() * PRICES["alarm"].usd
        + measured.metrics * PRICES["metric"].usd,
    }


def alarms() -> int:
    """How many alarms the template has."""
    return TEMPLATE.read_text(encoding="utf-8").count("Type: AWS::CloudWatch::Alarm\n")


def _units(unit: Unit) -> float:
    return (unit.writes * PRICES["write"].usd + unit.reads * PRICES["read"].usd) / MILLION


#: the columns of the table: heading, events per day, organizations
CASES: Final = (
    ("10,000 events a day", 10_000, 1),
    ("100,000", 100_000, 1),
    ("1,000,000", 1_000_000, 1),
    ("10,000 idle organizations", 0, 10_000),
)


def tables(measured: Measured) -> str:
    """The tables of the page, in Markdown."""
    bills = [bill(measured, events=events, organizations=organizations) for _, events, organizations in CASES]
    lines = [f"| USD a month | {' | '.join(heading for heading, *_ in CASES)} |", f"|---|{'---:|' * len(CASES)}"]
    lines += [f"| {line} | {' | '.join(_usd(one[line]) for one in bills)} |" for line in bills[0]]
    lines.append(f"| **together** | {' | '.join(f'**{_usd(sum(one.values()))}**' for one in bills)} |")
    lines += ["", f"Measured on {measured.on}:", "", "| operation | read units | write units | calls | KMS |"]
    lines.append("|---|---:|---:|---:|---:|")
    for name, what in OPERATIONS.items():
        unit: Unit = getattr(measured, name)
        lines.append(f"| {what} | {unit.reads:.2f} | {unit.writes:.2f} | {unit.calls:.2f} | {unit.kms:.2f} |")
    lines += [
        "",
        (
            f"A log entry takes {measured.log_entry:,.0f} bytes in its four copies, an address on a list "
            f"{measured.record:,.0f} in two."
        ),
        "",
        f"Prices, read on {READ_ON}:",
        "",
        "| price | USD | per | grade |",
        "|---|---:|---|---|",
        *(f"| {one.of} | {one.usd:g} | {one.per} | {one.source} |" for one in PRICES.values()),
    ]
    return "\n".join(lines)


OPERATIONS: Final = {
    "post": f"a post of {ASSUMED.events_a_post} events that were delivered",
    "new": "more, for an event that puts an address on a list",
    "known": "more, for an event about an address that is there",
    "lift": f"a request that lifts {ASSUMED.addresses_a_request} addresses",
    "carried": "a removal that is carried out",
    "page": "a page of 100 entries of a list",
    "address": "why an address is not mailed",
    "log": "a page of 100 entries of the system log",
    "job": "a run of removal job and upkeep, without organizations",
    "idle": "more, for each organization that waits",
    "compared": "an organization's daily comparison",
}


def _usd(value: float) -> str:
    return f"{value:,.2f}"


# ---------------------------------------------------------------- measuring


def measure() -> Measured:
    """Measure everything on dynoxide, by the functions' own handlers."""
    from bench.cost_measure import measured  # noqa: PLC0415  (only this needs dynoxide and moto)

    return measured(ASSUMED)


def with_tables(page: str, measured: Measured) -> str:
    """The page with the tables in their place."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables(measured)}\n{END}{after}"


def main() -> None:
    """Print the tables and write them into the page; measure anew if asked to."""
    parser = argparse.ArgumentParser(prog="python -m bench.cost", description=__doc__)
    parser.add_argument("--measure", action="store_true", help="measure anew and store it in bench/cost.json")
    if parser.parse_args().measure:
        MEASURED.write_text(json.dumps(asdict(measure()), indent=2) + "\n", encoding="utf-8")
    print(tables(Measured.load()))
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), Measured.load()), encoding="utf-8")


if __name__ == "__main__":
    main()
