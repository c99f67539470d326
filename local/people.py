"""The people of the demo, in the local AWS's Cognito: where they sign in to the console, and who there is.

Cognito serves its pages and endpoints at the local AWS's own address, while it is called by AWS's name in ID tokens, so
the issuer and its endpoints are set apart.
"""

import secrets
from typing import Any, Final

from reprieve.access.issuer import Grant
from reprieve.access.sign_in_settings import Wanted
from reprieve.dialects.console.site import BASE, OIDC
from reprieve.role import Role
from reprieve.runtime import wiring

POOL: Final = "reprieve-demo"
CLAIM: Final = "cognito:groups"
#: each person's name, address and group
PEOPLE: Final = {
    "ada": ("Ada Lovelace", "ada@example.com", "mail-team"),
    "grace": ("Grace Hopper", "grace@example.com", "help-desk"),
}
GRANTS: Final = (Grant("mail-team", Role.ADMIN, frozenset()), Grant("help-desk", Role.HELP_DESK, frozenset()))
#: the role of each
ROLES: Final = {
    username: grant.role.value for username, (*_, group) in PEOPLE.items() for grant in GRANTS if grant.value == group
}


def create(url: str) -> dict[str, str]:
    """Create the people and this deployment's client; return what has to be known of them, secrets included.

    Args:
        url: of the local AWS.
    """
    cognito: Any = wiring.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName=POOL)["UserPool"]["Id"]
    client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="console", GenerateSecret=True, **flow(url))
    password = f"{secrets.token_urlsafe(9)}-Aa1"
    for group in {group for _, _, group in PEOPLE.values()}:
        cognito.create_group(UserPoolId=pool, GroupName=group)
    for username, (name, email, group) in PEOPLE.items():
        attributes = {"name": name, "email": email, "email_verified": "true"}
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=username,
            UserAttributes=[{"Name": one, "Value": value} for one, value in attributes.items()],
            MessageAction="SUPPRESS",
        )
        cognito.admin_set_user_password(UserPoolId=pool, Username=username, Password=password, Permanent=True)
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=username, GroupName=group)
    made = client["UserPoolClient"]
    return {
        "pool": pool,
        "pool_client_id": made["ClientId"],
        "pool_client_secret": made["ClientSecret"],
        "people_password": password,
    }


def flow(url: str) -> dict[str, Any]:
    """How the client signs people in: by code, and back to the console of this address alone."""
    port = url.rpartition(":")[2]
    return {
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthScopes": ["openid", "profile", "email"],
        "CallbackURLs": [f"http://{host}:{port}{BASE}{OIDC}" for host in ("127.0.0.1", "localhost")],
        "SupportedIdentityProviders": ["COGNITO"],
    }


def exist(known: dict[str, str]) -> bool:
    """Whether the people of an earlier run are still there: a kill loses the last seconds before it."""
    pools = wiring.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    return known.get("pool") in {one["Id"] for one in pools}


def move(known: dict[str, str], url: str) -> None:
    """Have the client lead back to another address."""
    wiring.client("cognito-idp").update_user_pool_client(
        UserPoolId=known["pool"], ClientId=known["pool_client_id"], **flow(url)
    )


def sign_in(known: dict[str, str], url: str) -> Wanted:
    """Where they sign in, at an address of the local AWS."""
    pool = known["pool"]
    return Wanted(
        issuer=f"https://cognito-idp.{pool.partition('_')[0]}.amazonaws.com/{pool}",
        client_id=known["pool_client_id"],
        claim=CLAIM,
        grants=GRANTS,
        endpoints={
            "authorization_url": f"{url}/oauth2/authorize",
            "token_url": f"{url}/oauth2/token",
            "jwks_url": f"{url}/{pool}/.well-known/jwks.json",
        },
        secret=known["pool_client_secret"],
    )
