"""Access rules: the decision as a pure function of the facts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from platewatch.vision.types import Direction
from platewatch.watchlists.service import ListKind, Match


class Decision(StrEnum):
    GRANTED = "granted"
    DENIED = "denied"
    REVIEW = "review"


class Reason(StrEnum):
    """Why. One word for each rule, so that programs can tell them apart."""

    DENY_LIST = "deny_list"
    ALLOW_LIST = "allow_list"
    OPEN_TO_ALL = "open_to_all"
    FREE_EXIT = "free_exit"
    UNKNOWN_PLATE = "unknown_plate"
    NO_PLATE = "no_plate"
    FOLDED_MATCH = "folded_match"
    LOW_CONFIDENCE = "low_confidence"
    ALREADY_INSIDE = "already_inside"
    FULL = "full"
    COOL_DOWN = "cool_down"
    MANUAL = "manual"


class UnknownPolicy(StrEnum):
    """The decision for a plate that is on no list."""

    DENY = "deny"
    REVIEW = "review"
    GRANT = "grant"


class FoldedPolicy(StrEnum):
    """The decision for a plate that fits an entry except for the marks of its letters, as BOAB12 fits BÖ AB 12."""

    ACCEPT = "accept"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one location; these are those of a location that nobody gave any.

    Folded matches count by default, because the recognizer reads Ö as O: a resident with an Ö would never be let in.
    With `free_exit` who leaves is held up by a deny list only. `arrival_s` is how long a place is kept for a vehicle
    that was granted entry but was not seen entering yet. A sighting older than `max_age_s` is not decided on.
    """

    enabled: bool = False
    min_confidence: float = 0.7
    unknown: UnknownPolicy = UnknownPolicy.DENY
    folded: FoldedPolicy = FoldedPolicy.ACCEPT
    free_exit: bool = True
    anti_passback: bool = False
    check_capacity: bool = False
    cool_down_s: int = 0
    arrival_s: int = 120
    max_age_s: int = 30


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a decision; the confidence of a typed plate is None.

    `is_unsure`: the reading is below the level of the server's setting, at which no gate opens.
    """

    plate: str
    direction: Direction
    confidence: float | None
    matches: tuple[Match, ...]
    is_inside: bool
    is_full: bool
    is_cooling_down: bool
    is_unsure: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision, the rule that made it, and the entry that it rests on."""

    decision: Decision
    reason: Reason
    match: Match | None = None


def judge(policy: Policy, facts: Facts) -> Verdict:
    """The decision. Rules are asked in this order, and the first that has an answer decides."""
    allowed = _strongest(policy, facts, ListKind.ALLOW)
    if verdict := _without_asking_who(policy, facts, allowed):
        return verdict
    if allowed is None and policy.unknown is not UnknownPolicy.GRANT:
        decision = Decision.REVIEW if policy.unknown is UnknownPolicy.REVIEW else Decision.DENIED
        return Verdict(decision, Reason.UNKNOWN_PLATE)
    if obstacle := _obstacle(policy, facts):
        return Verdict(Decision.DENIED, obstacle, allowed)
    if allowed is not None and policy.unknown is not UnknownPolicy.GRANT and _is_for_review(policy, allowed):
        return Verdict(Decision.REVIEW, Reason.FOLDED_MATCH, allowed)
    return Verdict(Decision.GRANTED, Reason.ALLOW_LIST if allowed else Reason.OPEN_TO_ALL, allowed)


def _without_asking_who(policy: Policy, facts: Facts, allowed: Match | None) -> Verdict | None:
    """The decision that does not depend on allow lists, if there is one."""
    if not facts.plate:
        return Verdict(Decision.REVIEW, Reason.NO_PLATE)
    denied = _strongest(policy, facts, ListKind.DENY)
    if denied is not None and _is_for_review(policy, denied):
        return Verdict(Decision.REVIEW, Reason.FOLDED_MATCH, denied)
    if denied is not None:
        return Verdict(Decision.DENIED, Reason.DENY_LIST, denied)
    if facts.direction is Direction.LEAVING and policy.free_exit and not facts.is_unsure:
        return Verdict(Decision.GRANTED, Reason.FREE_EXIT, allowed)
    if facts.is_unsure or (facts.confidence is not None and facts.confidence < policy.min_confidence):
        return Verdict(Decision.REVIEW, Reason.LOW_CONFIDENCE, allowed)
    return None


def _obstacle(policy: Policy, facts: Facts) -> Reason | None:
    if policy.cool_down_s and facts.is_cooling_down:
        return Reason.COOL_DOWN
    if facts.direction is not Direction.ENTERING:
        return None
    if policy.anti_passback and facts.is_inside:
        return Reason.ALREADY_INSIDE
    if policy.check_capacity and facts.is_full:
        return Reason.FULL
    return None


def _is_for_review(policy: Policy, match: Match) -> bool:
    return match.folded and policy.folded is FoldedPolicy.REVIEW


def _strongest(policy: Policy, facts: Facts, kind: ListKind) -> Match | None:
    """The match of the kind that decides; one for review only where there is no other."""
    of_kind = [match for match in facts.matches if match.watchlist.kind is kind]
    return next((match for match in of_kind if not _is_for_review(policy, match)), next(iter(of_kind), None))
