"""Read boto3's service descriptions once per process: moto's session for each test would read them again."""

from functools import cache
from typing import Any

from botocore.loaders import JSONFileLoader, Loader


def install() -> None:
    """Cache what the loaders read; botocore shares these objects between clients anyway."""
    read_file = JSONFileLoader.load_file
    list_services = Loader.list_available_services

    @cache
    def remembered(path: str) -> Any:
        return read_file(JSONFileLoader(), path)

    @cache
    def listed(paths: tuple[str, ...], type_name: str) -> list[str]:
        return list(list_services(Loader(list(paths), include_default_search_paths=False), type_name))

    def load_file(_: JSONFileLoader, path: str) -> Any:
        return remembered(path)

    def list_available_services(loader: Loader, type_name: str) -> list[str]:
        return listed(tuple(loader.search_paths), type_name)

    JSONFileLoader.load_file = load_file  # type: ignore[method-assign,assignment]
    Loader.list_available_services = list_available_services  # type: ignore[method-assign,assignment]
