"""`/api/v1/second-factor`: the caller's second factor."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter

from platewatch.audit.service import AuditAction, AuditService
from platewatch.users.endpoints.auth import prove_password
from platewatch.users.schemas import (
    EnrollmentRead,
    PasswordConfirmation,
    RecoveryCodesRead,
    SecondFactorConfirm,
    SecondFactorRead,
)
from platewatch.users.second_factor import SecondFactor
from platewatch.users.sessions import SessionService
from platewatch.web.dependencies import OPENAPI_SECURITY, ActorDep, KeyOwner, ReadingSession, StateDep, VisitorDep

router = APIRouter(prefix="/api/v1/second-factor", tags=["accounts"], dependencies=OPENAPI_SECURITY)


@router.get("")
def read_second_factor(state: StateDep, session: ReadingSession, owner: KeyOwner) -> SecondFactorRead:
    """Tell whether the caller's log-ins need a code, and how many recovery codes are left."""
    factor = SecondFactor(session, state.clock, state.seal).state(owner.user_id)
    return SecondFactorRead(enabled=factor.enabled, recovery_codes_left=factor.recovery_codes_left)


@router.post("", status_code=HTTPStatus.CREATED)
def begin_second_factor(
    body: PasswordConfirmation, state: StateDep, owner: KeyOwner, visitor: VisitorDep
) -> EnrollmentRead:
    """Begin to set it up: what the authenticator app needs. It counts once a code of the app is confirmed."""
    prove_password(state, owner, body.password, visitor)
    with state.database.transaction() as session:
        enrollment = SecondFactor(session, state.clock, state.seal).begin(owner.user_id)
    return EnrollmentRead(secret=enrollment.secret, uri=enrollment.uri)


@router.post("/confirm")
def confirm_second_factor(
    body: SecondFactorConfirm, state: StateDep, owner: KeyOwner, actor: ActorDep
) -> RecoveryCodesRead:
    """Turn it on with a code that the app shows; the answer has the recovery codes. All other log-ins end."""
    with state.database.transaction() as session:
        codes = SecondFactor(session, state.clock, state.seal).confirm(owner.user_id, body.code)
        # They were begun without the second factor.
        sessions = SessionService(session, state.settings, state.clock)
        sessions.revoke_all(owner.user_id, but=owner.session_id)
        AuditService(session, state.clock).note(AuditAction.SECOND_FACTOR_ENABLED, actor, f"user {owner.user_id}")
    return RecoveryCodesRead(recovery_codes=codes)


@router.post("/disable", status_code=HTTPStatus.NO_CONTENT)
def disable_second_factor(
    body: PasswordConfirmation, state: StateDep, owner: KeyOwner, actor: ActorDep, visitor: VisitorDep
) -> None:
    """Turn it off."""
    prove_password(state, owner, body.password, visitor)
    with state.database.transaction() as session:
        SecondFactor(session, state.clock, state.seal).disable(owner.user_id)
        AuditService(session, state.clock).note(AuditAction.SECOND_FACTOR_DISABLED, actor, f"user {owner.user_id}")
