"""Teach the local AWS the method `ANY` of an API's definition.

AWS spells it `x-amazon-apigateway-any-method` there. The local AWS serves a method ANY, but its import of a definition
skips that spelling, and so every path that SAM writes it for.
"""

from typing import Any, Final

from ministack.services import apigateway_v1

SPELLED: Final = "x-amazon-apigateway-any-method"


def install() -> None:
    """Have it imported from now on."""
    import_operation = apigateway_v1._import_operation  # noqa: SLF001 - there is no other place to say it

    def imported(api: str, resource: str, method: str, *more: Any) -> None:  # noqa: ANN401 - the local AWS's own
        import_operation(api, resource, "ANY" if method.lower() == SPELLED else method, *more)

    apigateway_v1._OPENAPI_HTTP_METHODS.add(SPELLED)  # noqa: SLF001
    apigateway_v1._import_operation = imported  # noqa: SLF001
