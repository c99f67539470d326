"""What a cold request costs: `make bench-cold`, after it has built the functions and layers for this machine.

The first table is the whole life of a process that starts, loads one function as built, and answers one ordinary
request: its own start, the verification of the credential, each call of DynamoDB over TLS, and the log lines. It is
shown as a share of a bare start of boto3: a process that makes a DynamoDB client and reads two items with it. Beside it
is the peak of its memory. A function that misses its goal fails the run.

The second table is what loading weighs, with and without `.pyc`, as a multiple of a process that does `import json`.
See `bench.processes` for what is counted.
"""

from __future__ import annotations

import shutil
import ssl
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import botocore
import certifi
import trustme

from bench.deployment import LAYERS, email, get, handling, post, prepare, webhook
from bench.processes import Process, unit, weights
from bench.store import running
from bench.tls import in_front_of
from local.build import BUILD, build_if_changed, name_of
from local.place import default_place
from tests.support.tables import settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

#: the most that a cold request may cost, as a share of a bare start of boto3: of a function without pydantic, and with
WITHOUT, WITH = 0.5, 0.9
#: the most memory that an ordinary request may take, in MB
MEMORY: Final = 128
#: one without pydantic, and one with it
LOADED: Final = ("suppressions", "recipients")
CLIENT: Final = "import boto3; client = boto3.client('dynamodb')"
READS: Final = """
for sort in ("organization", "credential"):
    client.get_item(TableName="Access", Key={"partition": {"S": "demo"}, "sort": {"S": sort}})
"""
#: of this program alone: `ru_maxrss` also has what its parent took before it
PEAK: Final = """
with open("/proc/self/status") as status:
    print("peak", next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


@dataclass(frozen=True, slots=True)
class Ordinary:
    """An ordinary request to a function, and its goal."""

    function: str
    event: dict[str, Any]
    status: int = 200
    goal: float = WITHOUT


ADDRESS: Final = email(3)
IN_PATH: Final = {"email": ADDRESS}
#: one for each function of an API but those whose every ordinary request calls KMS, for which there is boto3: sealing
#: and unsealing secrets (tokens that are issued, unsubscribe links, tests of an email server)
ORDINARY: Final = (
    Ordinary("remove_list", post("okta", "api", "/v1/org/email/bounces/remove-list", {"emailAddresses": [ADDRESS]})),
    Ordinary("system_log", get("okta", "api", "/v1/logs")),
    Ordinary("recipients", get("okta", "api", "/v1/users"), goal=WITH),
    Ordinary("email_servers", get("okta", "api", "/v1/email-servers"), goal=WITH),
    Ordinary("event_hooks", get("okta", "api", "/v1/eventHooks"), goal=WITH),
    Ordinary("suppressions", get("sendgrid", "v3", "/suppression/bounces", query={"limit": "500"})),
    Ordinary("global_suppressions", get("sendgrid", "v3", "/asm/suppressions/global/{email+}", path=IN_PATH)),
    Ordinary("groups", get("sendgrid", "v3", "/asm/groups")),
    Ordinary("group_suppressions", get("sendgrid", "v3", "/asm/suppressions/{email+}", path=IN_PATH)),
    Ordinary("address_whitelist", get("sendgrid", "v3", "/mail_settings/address_whitelist")),
    Ordinary("bounce_purge", get("sendgrid", "v3", "/mail_settings/bounce_purge")),
    Ordinary("bounce_classifications", get("sendgrid", "v3", "/suppression/bounces/classifications")),
    Ordinary("api_keys", get("sendgrid", "v3", "/api_keys")),
    Ordinary("webhook_settings", get("sendgrid", "v3", "/user/webhooks/event/settings/all")),
    Ordinary("records", get("zoho", "crm", "/{version}/org", path={"version": "v8"})),
    Ordinary("addresses", get("reprieve", "reprieve", "/addresses/{email+}", path=IN_PATH)),
    Ordinary("removals", get("reprieve", "reprieve", "/removals", query={"state": "pending"})),
    Ordinary("hooks", get("reprieve", "reprieve", "/hooks"), goal=WITH),
    Ordinary("holds", get("reprieve", "reprieve", "/holds")),
    Ordinary("policies", get("reprieve", "reprieve", "/policies"), goal=WITH),
    Ordinary("event_webhook", webhook(0, 1)),
)


def main() -> None:
    """Build, measure, print the tables, and exit with 1 if a goal is missed."""
    build_if_changed(default_place(0))
    missed = requests()
    loading()
    if missed:
        sys.exit(f"missed: {', '.join(missed)}")


def requests() -> list[str]:
    """Print the table of cold requests; return the functions that miss a goal."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        client, _ = stack.enter_context(running())
        prepare(client)
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        port = stack.enter_context(in_front_of(client.meta.endpoint_url, context))
        endpoint = f"https://localhost:{port}"
        listed = (trusting(authority, folder),)
        bare = Process(CLIENT + READS, (*listed, *LAYERS), {"AWS_ENDPOINT_URL": endpoint})

        def process(one: Ordinary, after: str = "") -> Process:
            return handling(
                one.function,
                [one.event],
                status=one.status,
                endpoint=endpoint,
                folder=folder,
                first=listed,
                after=after,
            )

        base, *costs = weights([bare, *(process(one) for one in ORDINARY)])
        peaks = [peak(process(one, PEAK)) for one in ORDINARY]
    return printed(base, costs, peaks)


def printed(base: float, costs: Sequence[float], peaks: Sequence[float]) -> list[str]:
    """Print figures, goals and verdicts."""
    print(f"| cold request | {unit()} | bare boto3 = 1 | goal | peak MB | goal | |\n|---|---:|---:|---:|---:|---:|---|")
    print(f"| a boto3 client and two reads | {base:.0f} | 1.00 | | | | |")
    missed = []
    for one, cost, memory in zip(ORDINARY, costs, peaks, strict=True):
        good = cost / base <= one.goal and memory < MEMORY
        missed += [] if good else [one.function]
        verdict = "met" if good else "MISSED"
        print(
            f"| `{one.function}` | {cost:.0f} | {cost / base:.2f} | {one.goal} | {memory:.0f} | {MEMORY} | {verdict} |"
        )
    print()
    return missed


def peak(process: Process) -> float:
    """The peak of a process's memory in MB; its program ends with PEAK."""
    return int(process.output().split("peak ")[-1]) / 1024


def trusting(authority: trustme.CA, folder: Path) -> Path:
    """A folder with a certifi whose list has one more authority, as one of Amazon's."""
    place = folder / "listed"
    shutil.copytree(Path(certifi.__file__).parent, place / "certifi", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(LAYERS[1] / "certifi", place / "certifi", dirs_exist_ok=True)
    with (place / "certifi" / "cacert.pem").open("a", encoding="utf-8") as file:
        file.write(f'\n# Label: "Amazon Root CA 9"\n{authority.cert_pem.bytes().decode()}')
    return place


def loading() -> None:
    """Print what loading weighs."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain"
        shutil.copytree(BUILD, plain, ignore=shutil.ignore_patterns("__pycache__"))
        full = Path(folder) / "full"
        shutil.copytree(BUILD / "DependenciesLayer" / "python", full)
        shutil.copytree(Path(botocore.__file__).parent / "data", full / "botocore" / "data", dirs_exist_ok=True)
        found = variants(plain, full)
        costs = weights(list(found.values()))
    print(f"| process | {unit()} | import json = 1 |\n|---|---:|---:|")
    for name, cost in zip(found, costs, strict=True):
        print(f"| {name} | {cost:.0f} | {cost / costs[0]:.1f} |")


def variants(plain: Path, full: Path) -> dict[str, Process]:
    """What is loaded, by a description.

    Args:
        plain: the build without its `.pyc`.
        full: the packages of the layer, with all services of botocore.
    """
    found = {
        "`import json`": Process("import json"),
        "a DynamoDB client of the layer's boto3, with all services": Process(CLIENT, (full,)),
    }
    for how, build in (("", BUILD), (", not compiled", plain)):
        layers = (build / "DomainLayer" / "python", build / "DependenciesLayer" / "python")
        found[f"a DynamoDB client of the layer's boto3{how}"] = Process(CLIENT, layers)
        for function in LOADED:
            process = Process(
                "import app", (build / name_of(function), *layers), dict.fromkeys(settings_of(function), "1")
            )
            found[f"`{function}` loaded{how}"] = process
    return found


if __name__ == "__main__":
    main()
