"""The profile of an Okta user: its properties, what is wrong with a given one, and what is kept of it.

It is Okta's default one: text, within the lengths that Okta's own models can read back. A property that it does not
have is refused, as Okta refuses what its schema does not have.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from reprieve.address import Address
from reprieve.errors import InvalidInput, MalformedAddress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.recipients.recipient import Recipient

#: Okta's default profile, and the longest text of each property
PROPERTIES: Final = {
    "login": 100,
    "firstName": 50,
    "lastName": 50,
    "email": 100,
    "secondEmail": 100,
    "mobilePhone": 100,
    "primaryPhone": 100,
    "streetAddress": 1024,
    "city": 128,
    "state": 128,
    "zipCode": 50,
    "countryCode": 2,
    "postalAddress": 4096,
    "preferredLanguage": 255,
    "locale": 255,
    "timezone": 255,
    "userType": 255,
    "employeeNumber": 255,
    "costCenter": 255,
    "organization": 255,
    "division": 255,
    "department": 255,
    "manager": 255,
    "managerId": 255,
    "displayName": 255,
    "nickName": 255,
    "title": 255,
    "honorificPrefix": 255,
    "honorificSuffix": 255,
    "middleName": 255,
    "profileUrl": 1024,
}
#: in the order in which Okta names what is missing
REQUIRED: Final = ("login", "firstName", "lastName", "email")

BLANK: Final = "The field cannot be left blank"
#: a login, and addresses, that are not email addresses
PATTERN: Final = {
    "login": "Username must be in the form of an email address",
    "email": "Does not match required pattern",
    "secondEmail": "Does not match required pattern",
}


class InvalidProfile(InvalidInput):
    """A profile that cannot be kept.

    Args:
        causes: pairs of a property and what is wrong with it, at least one.
    """

    def __init__(self, causes: Sequence[tuple[str, str]]) -> None:
        super().__init__(causes[0][1], field=causes[0][0])
        self.causes = [f"{name}: {problem}" for name, problem in causes]


def shown(user: Recipient) -> dict[str, str]:
    """A user's profile. One that was not added through this API has its address as its login."""
    addresses = {"email": user.email, "secondEmail": user.secondary_email}
    spelled = {member: address.spelling for member, address in addresses.items() if address}
    known = {member: text for member, text in user.profile.items() if member in PROPERTIES}
    login = {"login": spelled["email"]} if "email" in spelled else {}
    return {**login, **known, **spelled}


def with_profile(user: Recipient, profile: Mapping[str, Any]) -> Recipient:
    """The user with exactly this profile.

    Raises:
        InvalidProfile: with a cause for everything that is wrong with it.
    """
    given = {member: value for member, value in profile.items() if value is not None}
    causes = [(member, BLANK) for member in REQUIRED if not str(given.get(member, "")).strip()]
    causes += [cause for member, value in given.items() for cause in _problems(member, value)]
    addresses: dict[str, Address] = {}
    for member, sentence in PATTERN.items():
        if member in given or member == "login":
            try:
                addresses[member] = Address.parse(given.get(member), field=member)
            except MalformedAddress:
                causes.append((member, sentence))
    if causes:
        raise InvalidProfile(causes)
    return replace(
        user,
        email=addresses["email"],
        secondary_email=addresses.get("secondEmail"),
        profile={member: text for member, text in given.items() if member not in ("email", "secondEmail")},
    )


def _problems(member: str, value: object) -> list[tuple[str, str]]:
    if member not in PROPERTIES:
        return [(_printable(member), "The property is not part of the user profile")]
    if not isinstance(value, str):
        return [(member, "The field must be a string")]
    if len(value) > PROPERTIES[member]:
        return [(member, f"The field cannot have more than {PROPERTIES[member]} characters")]
    return []


def _printable(member: str) -> str:
    """The name of an unknown property, if it looks like one: it goes into answers and the log."""
    return member if re.fullmatch(r"\w{1,64}", member) else "profile"
