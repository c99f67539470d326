"""Support for the method `ANY` in the local AWS's import of an API definition.

An API definition spells it `x-amazon-apigateway-any-method`. The local AWS serves a method ANY, but its import ignores
that spelling, and with it every path that SAM writes it for.
"""

from typing import Any, Final

from ministack.services import apigateway_v1

SPELLED: Final = "x-amazon-apigateway-any-method"


def install() -> None:
    """Make the import accept it from now on."""
    import_operation = apigateway_v1._import_operation  # noqa: SLF001 - the local AWS has no public hook

    def imported(api: str, resource: str, method: str, *more: Any) -> None:  # noqa: ANN401 - the local AWS's own
        import_operation(api, resource, "ANY" if method.lower() == SPELLED else method, *more)

    apigateway_v1._OPENAPI_HTTP_METHODS.add(SPELLED)  # noqa: SLF001
    apigateway_v1._import_operation = imported  # noqa: SLF001
