"""The vendors' OpenAPI documents; `tests/contracts/README.md` says where they are from."""

from pathlib import Path

CONTRACTS = Path(__file__).parents[1] / "contracts"


def contract(name: str) -> Path:
    """The path of one document: `okta.yaml` or `sendgrid.yaml`."""
    return CONTRACTS / name
