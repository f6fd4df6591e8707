"""Bodies of `/auth` (CarWatch's envelope), `/api/v1/users` and `/api/v1/api-keys`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from platewatch.settings import Registration
from platewatch.users.principal import AccountStatus, Role, Scope

Data = TypeVar("Data")
MAX_USERNAME_LENGTH = 150
Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=MAX_USERNAME_LENGTH, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
Password = Annotated[str, Field(max_length=1024, examples=["correct horse battery"])]


class Body(BaseModel):
    """A request body; fields that nobody knows are refused."""

    model_config = ConfigDict(extra="forbid")


class Envelope(BaseModel, Generic[Data]):
    """CarWatch's answer: `success`, `message` and, where there is any, `data`."""

    success: bool = True
    message: str
    data: Data


class PlainEnvelope(BaseModel):
    """CarWatch's answer without data."""

    success: bool
    message: str = Field(examples=["The user name or the password is wrong."])


class UserRegister(Body):
    username: Name = Field(examples=["gatekeeper"])
    password: Password
    setup_token: str | None = Field(
        default=None,
        max_length=200,
        description="Only for the first account, and only off loopback: the token printed in the server's terminal.",
    )


class UserLogin(Body):
    username: Name = Field(examples=["gatekeeper"])
    password: Password


class UserRead(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"user_id": 1, "username": "gatekeeper", "role": "admin"}]}
    )

    user_id: int
    username: str
    role: Role


class RegisteredRead(UserRead):
    status: AccountStatus


class RegistrationRead(BaseModel):
    """What the registration page has to show."""

    first_account: bool = Field(description="Nobody has an account yet: the next one becomes the administrator.")
    setup_token_required: bool
    registration: Registration


class AccountRead(RegisteredRead):
    created_at: datetime


class AccountUpdate(Body):
    role: Role | None = None
    status: AccountStatus | None = None


class AccountPage(BaseModel):
    items: list[AccountRead]


class ApiKeyCreate(Body):
    name: Name = Field(examples=["gate controller"])
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3, examples=[["recognize", "read"]])]
    expires_at: AwareDatetime | None = None


class ApiKeyRead(BaseModel):
    id: int
    name: str
    prefix: str = Field(description="The key's beginning, to tell keys apart.")
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class ApiKeyCreated(ApiKeyRead):
    key: str = Field(description="The whole key. It is shown this once and never again.")


class ApiKeyPage(BaseModel):
    items: list[ApiKeyRead]
