"""Bodies of `/auth` (CarWatch's envelope), and of accounts, sessions, API keys and the second factor in `/api/v1`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from platewatch.db.tables import ApiKeyRow, LoginSessionRow, UserRow
from platewatch.fields import NO_CONTROLS, Instant, TimeZone
from platewatch.settings import Registration
from platewatch.users.principal import ROLE_SCOPES, AccountStatus, Role, Scope, in_order

Data = TypeVar("Data")
MAX_USERNAME_LENGTH = 150
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_USERNAME_LENGTH, pattern=NO_CONTROLS),
]
Password = Annotated[str, Field(max_length=1024, examples=["correct horse battery"])]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64)]


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
        description="Only for the first account, from elsewhere or through a proxy: from the file `setup-token` of the "
        "data folder, or the server's terminal.",
    )
    time_zone: TimeZone | None = Field(
        default=None,
        description="Only for the first account: the server's zone, of places made by name. It can be changed later.",
    )


class UserLogin(Body):
    username: Name = Field(examples=["gatekeeper"])
    password: Password
    code: Code | None = Field(
        default=None, description="Of the authenticator app, or a recovery code; where the account has a second factor."
    )


class UsernameUpdate(Body):
    new_username: Name = Field(examples=["gatekeeper"])


class PasswordUpdate(Body):
    current_password: Password
    new_password: Password
    confirm_new_password: Password
    revoke_api_keys: bool = Field(
        default=False, description="End all API keys of the account too, where somebody else may have had the password."
    )


class PasswordConfirmation(Body):
    """The caller's password, for what a stolen session must not do."""

    password: Password


class UserRead(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"user_id": 1, "username": "gatekeeper", "role": "admin"}]}
    )

    user_id: int
    username: str
    role: Role

    @classmethod
    def of_row(cls, row: UserRow) -> UserRead:
        return UserRead(user_id=row.id, username=row.username, role=Role(row.role))


class CallerRead(UserRead):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": 1,
                    "username": "gatekeeper",
                    "role": "operator",
                    "has_session": True,
                    "scopes": ["read", "recognize"],
                }
            ]
        }
    )

    has_session: bool = Field(description="False with an API key and where no log-in is needed: nothing to log out of.")
    scopes: list[Scope] = Field(description="What the caller may do: the rights of the role, or those of the API key.")

    @classmethod
    def of_log_in(cls, row: UserRow) -> CallerRead:
        """The user of a session that begins, with the rights of their role."""
        user = UserRead.of_row(row)
        return CallerRead(**user.model_dump(), has_session=True, scopes=in_order(ROLE_SCOPES[user.role]))


class RegisteredRead(UserRead):
    status: AccountStatus


class RegistrationRead(BaseModel):
    """The state that the registration page shows."""

    first_account: bool = Field(description="Nobody has an account yet: the next one becomes the administrator.")
    setup_token_required: bool
    registration: Registration
    time_zone: str | None = Field(
        description="The server's; None where nobody chose one, so that the first account is asked.",
        examples=["Europe/Berlin"],
    )


class AccountRead(RegisteredRead):
    created_at: datetime
    second_factor: bool = Field(examples=[False], description="Log-ins need a code of an authenticator app.")

    @classmethod
    def of(cls, row: UserRow) -> AccountRead:
        return cls(
            user_id=row.id,
            username=row.username,
            role=Role(row.role),
            status=AccountStatus(row.status),
            created_at=row.created_at,
            second_factor=row.has_second_factor,
        )


class AccountCreate(Body):
    username: Name = Field(examples=["gatekeeper"])
    password: Password
    role: Role = Role.OPERATOR


class PasswordReset(Body):
    password: Password
    current_password: Password | None = Field(
        default=None, description="Needed for one's own account, as at `/auth/update/password`."
    )
    revoke_api_keys: bool | None = Field(
        default=None,
        description="End all API keys of the account too. Without it, those of somebody else's account end and one's "
        "own stay.",
    )


class AccountUpdate(Body):
    role: Role | None = None
    status: AccountStatus | None = None


class AccountPage(BaseModel):
    items: list[AccountRead]


class ApiKeyCreate(Body):
    name: Name = Field(examples=["gate controller"])
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3, examples=[["recognize", "read"]])]
    expires_at: Instant | None = None


class ApiKeyRead(BaseModel):
    id: int
    name: str
    prefix: str = Field(description="The key's beginning, to tell keys apart.")
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, row: ApiKeyRow) -> ApiKeyRead:
        return ApiKeyRead(
            id=row.id,
            name=row.name,
            prefix=row.prefix,
            scopes=[Scope(scope) for scope in row.scopes],
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
        )


class ApiKeyCreated(ApiKeyRead):
    key: str = Field(description="The whole key. It is shown this once and never again.")


class ApiKeyPage(BaseModel):
    items: list[ApiKeyRead]


class LoginSessionRead(BaseModel):
    """One log-in of a browser."""

    id: int
    user_id: int
    username: str
    created_at: datetime
    last_seen_at: datetime = Field(description="to the minute")
    expires_at: datetime
    address: str | None = Field(examples=["192.0.2.7"])
    user_agent: str | None
    current: bool = Field(description="this very log-in")

    @classmethod
    def of(cls, row: LoginSessionRow, current_id: int | None) -> LoginSessionRead:
        return cls(
            id=row.id,
            user_id=row.user_id,
            username=row.user.username,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            address=row.address,
            user_agent=row.user_agent,
            current=row.id == current_id,
        )


class LoginSessionPage(BaseModel):
    items: list[LoginSessionRead]


class SecondFactorRead(BaseModel):
    enabled: bool = Field(examples=[True])
    recovery_codes_left: int = Field(examples=[10])


class SecondFactorConfirm(Body):
    code: Code = Field(description="the six digits that the authenticator app shows now", examples=["123456"])


class EnrollmentRead(BaseModel):
    """The secret for the authenticator app. It takes effect once a code is confirmed."""

    secret: str = Field(description="to type in")
    uri: str = Field(description="to show as a QR code", examples=["otpauth://totp/platewatch:ada?secret=..."])


class RecoveryCodesRead(BaseModel):
    recovery_codes: list[str] = Field(
        description="Each works once. They are shown this once and never again.", examples=[["ax4k-9mtp-w2ce-7hqd"]]
    )
