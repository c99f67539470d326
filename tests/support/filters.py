"""Writes a filter of the System Log, so that tests can read back what they wrote."""

from __future__ import annotations

import json

from reprieve.filter import And, Comparison, Expression, Not, Or, Presence


def render(expression: Expression) -> str:
    """Write an expression as a filter, with no more parentheses than it needs.

    Returns:
        A text for which `parse(render(expression)) == expression`, provided that it stays within the bounds.
    """
    match expression:
        case Comparison(field, operation, value):
            return f"{field} {operation} {json.dumps(value, ensure_ascii=False)}"
        case Presence(field):
            return f"{field} pr"
        case Not(operand):
            return f"not ({render(operand)})"
        case And(operands):
            return " and ".join(_grouped(operand, (And, Or)) for operand in operands)
        case Or(operands):
            return " or ".join(_grouped(operand, (Or,)) for operand in operands)


def _grouped(expression: Expression, loose: tuple[type, ...]) -> str:
    """In parentheses if it is one of the `loose` kinds, which the operator around it would tear apart."""
    text = render(expression)
    return f"({text})" if isinstance(expression, loose) else text
