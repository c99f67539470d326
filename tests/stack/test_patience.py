"""Functions that answer requests may take longer in the local AWS than in AWS; others may not."""

from __future__ import annotations

import pytest
from ministack.core import lambda_runtime

from local import patience


@pytest.mark.parametrize(("timeout", "here"), [(15, 60), (29, 116), (30, 30), (110, 110)])
def test_a_function_that_answers_requests_has_four_times_as_long(
    monkeypatch: pytest.MonkeyPatch, timeout: int, here: int
) -> None:
    monkeypatch.setattr(lambda_runtime.Worker, "__init__", lambda_runtime.Worker.__init__)  # and so put back afterwards
    patience.install()
    config = {"Timeout": timeout, "Runtime": "python3.11"}
    assert lambda_runtime.Worker("f", config, b"").config == {"Timeout": here, "Runtime": "python3.11"}
    assert config["Timeout"] == timeout
