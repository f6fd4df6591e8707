from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from platewatch.access.rules import Decision, Facts, FoldedPolicy, Policy, Reason, UnknownPolicy, Verdict, judge
from platewatch.vision.types import Direction
from platewatch.watchlists.service import Entry, ListInfo, ListKind, Match


def match(kind: ListKind, distance: float = 0.0, *, folded: bool = False) -> Match:
    entry = Entry(
        id=1, plate="AB12", written="AB 12", region=None, tolerance=1, valid_from=None, valid_to=None, schedule=None,
        everywhere=True, location_ids=frozenset(), owner=None, vehicle=None, note=None, tags=(),
    )  # fmt: skip
    return Match("AB12", ListInfo(1, kind.value, kind), entry, distance, folded)


ALLOWED, DENIED, WATCHED = (match(kind) for kind in (ListKind.ALLOW, ListKind.DENY, ListKind.WATCH))
ENTERING = Facts("AB12", Direction.ENTERING, 0.9, (), is_inside=False, is_full=False, is_cooling_down=False)
FOLDED_ALLOWED, FOLDED_DENIED = match(ListKind.ALLOW, folded=True), match(ListKind.DENY, folded=True)
REVIEWING = Policy(folded=FoldedPolicy.REVIEW, check_capacity=True)
STRICT = Policy(anti_passback=True, check_capacity=True, cool_down_s=60)
UNSURE = 0.3


@pytest.mark.parametrize(
    ("policy", "facts", "decision", "reason"),
    [
        pytest.param({}, {"matches": (ALLOWED,)}, "granted", "allow_list", id="on an allow list"),
        pytest.param({}, {}, "denied", "unknown_plate", id="on no list"),
        pytest.param({}, {"matches": (WATCHED,)}, "denied", "unknown_plate", id="on a watch list only"),
        pytest.param({"unknown": UnknownPolicy.REVIEW}, {}, "review", "unknown_plate", id="unknown for review"),
        pytest.param({"unknown": UnknownPolicy.GRANT}, {}, "granted", "open_to_all", id="open to all"),
        pytest.param({}, {"matches": (ALLOWED, DENIED)}, "denied", "deny_list", id="deny beats allow"),
        pytest.param(
            {},
            {"matches": (ALLOWED, match(ListKind.DENY, 1))},
            "denied",
            "deny_list",
            id="deny beats allow when similar",
        ),
        pytest.param(
            {"unknown": UnknownPolicy.GRANT}, {"matches": (DENIED,)}, "denied", "deny_list", id="deny beats all"
        ),
        pytest.param({}, {"plate": ""}, "review", "no_plate", id="no plate read"),
        pytest.param({}, {"matches": (FOLDED_ALLOWED,)}, "granted", "allow_list", id="folded, accepted by default"),
        pytest.param({}, {"matches": (FOLDED_DENIED,)}, "denied", "deny_list", id="folded deny, accepted by default"),
        pytest.param(REVIEWING, {"matches": (FOLDED_ALLOWED,)}, "review", "folded_match", id="folded for review"),
        pytest.param(REVIEWING, {"matches": (FOLDED_DENIED,)}, "review", "folded_match", id="folded deny for review"),
        pytest.param(
            REVIEWING, {"matches": (FOLDED_ALLOWED, ALLOWED)}, "granted", "allow_list", id="another entry has no marks"
        ),
        pytest.param(
            REVIEWING, {"matches": (ALLOWED, FOLDED_DENIED)}, "review", "folded_match", id="allowed, folded deny"
        ),
        pytest.param(
            REVIEWING, {"is_full": True, "matches": (FOLDED_ALLOWED,)}, "denied", "full", id="folded for review, full"
        ),
        pytest.param(
            replace(REVIEWING, unknown=UnknownPolicy.GRANT),
            {"matches": (FOLDED_ALLOWED,)},
            "granted",
            "allow_list",
            id="folded where all may pass",
        ),
        pytest.param(
            REVIEWING,
            {"direction": Direction.LEAVING, "matches": (FOLDED_ALLOWED,)},
            "granted",
            "free_exit",
            id="folded and leaving",
        ),
        pytest.param(
            {}, {"confidence": UNSURE, "matches": (ALLOWED,)}, "review", "low_confidence", id="not sure enough"
        ),
        pytest.param({}, {"confidence": UNSURE}, "review", "low_confidence", id="not sure enough that it is unknown"),
        pytest.param(
            {}, {"confidence": UNSURE, "matches": (DENIED,)}, "denied", "deny_list", id="denied though not sure"
        ),
        pytest.param({}, {"confidence": 0.7, "matches": (ALLOWED,)}, "granted", "allow_list", id="just sure enough"),
        pytest.param({}, {"confidence": None, "matches": (ALLOWED,)}, "granted", "allow_list", id="typed"),
        pytest.param(
            STRICT, {"is_inside": True, "matches": (ALLOWED,)}, "denied", "already_inside", id="inside already"
        ),
        pytest.param(STRICT, {"is_full": True, "matches": (ALLOWED,)}, "denied", "full", id="full"),
        pytest.param(
            STRICT, {"is_cooling_down": True, "matches": (ALLOWED,)}, "denied", "cool_down", id="just granted"
        ),
        pytest.param({}, {"is_inside": True, "matches": (ALLOWED,)}, "granted", "allow_list", id="anti-passback off"),
        pytest.param({}, {"is_full": True, "matches": (ALLOWED,)}, "granted", "allow_list", id="capacity off"),
        pytest.param({}, {"is_cooling_down": True, "matches": (ALLOWED,)}, "granted", "allow_list", id="cool-down off"),
        pytest.param(STRICT, {"is_full": True}, "denied", "unknown_plate", id="unknown and full"),
        pytest.param({}, {"direction": Direction.LEAVING}, "granted", "free_exit", id="unknown and leaving"),
        pytest.param(
            {}, {"direction": Direction.LEAVING, "confidence": UNSURE}, "granted", "free_exit", id="leaving, not sure"
        ),
        pytest.param(
            {"min_confidence": 0.0, "unknown": UnknownPolicy.GRANT},
            {"is_unsure": True, "matches": (ALLOWED,)},
            "review",
            "low_confidence",
            id="below the level of the server",
        ),
        pytest.param(
            {},
            {"direction": Direction.LEAVING, "is_unsure": True},
            "review",
            "low_confidence",
            id="leaving, below the level of the server",
        ),
        pytest.param({}, {"is_unsure": True, "matches": (DENIED,)}, "denied", "deny_list", id="denied below the level"),
        pytest.param(
            {}, {"direction": Direction.LEAVING, "matches": (DENIED,)}, "denied", "deny_list", id="denied and leaving"
        ),
        pytest.param(
            {"free_exit": False}, {"direction": Direction.LEAVING}, "denied", "unknown_plate", id="no free exit"
        ),
        pytest.param(
            replace(STRICT, free_exit=False),
            {"direction": Direction.LEAVING, "is_inside": True, "is_full": True, "matches": (ALLOWED,)},
            "granted",
            "allow_list",
            id="inside and full hold nobody in",
        ),
        pytest.param(
            STRICT,
            {"direction": Direction.UNKNOWN, "is_inside": True, "is_full": True, "matches": (ALLOWED,)},
            "granted",
            "allow_list",
            id="a direction that nobody knows",
        ),
    ],
)
def test_the_first_rule_that_has_an_answer_decides(
    policy: Policy | dict[str, Any], facts: dict[str, Any], decision: str, reason: str
) -> None:
    rules = policy if isinstance(policy, Policy) else Policy(**policy)
    verdict = judge(rules, replace(ENTERING, **facts))
    assert (verdict.decision, verdict.reason) == (decision, reason)


def test_the_verdict_names_the_entry_that_it_rests_on() -> None:
    similar = match(ListKind.DENY, 0.5)
    both = replace(ENTERING, matches=(ALLOWED, similar, DENIED))
    assert judge(Policy(), both) == Verdict(Decision.DENIED, Reason.DENY_LIST, similar)
    full = replace(ENTERING, matches=(ALLOWED,), is_full=True)
    assert judge(STRICT, full) == Verdict(Decision.DENIED, Reason.FULL, ALLOWED)
