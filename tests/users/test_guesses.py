from __future__ import annotations

import time

import pytest

from platewatch.users.guesses import why_easy_to_guess


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "Passw0rd!",
        "12345678",
        "87654321",
        "qwertyuiop",
        "qwertzuiop",
        "asdfghjkl\u00f6",
        "azertyuiop",
        "\u0439\u0446\u0443\u043a\u0435\u043d\u0433\u0448",
        "1q2w3e4r",
        "1qay2wsx",
        "qazwsxedc",
        "letmein123",
        "aaaaaaaa",
        "        ",
        "abcdefgh",
        "11223344",
        "20261121",
        "passwort1",
        "hunter2hunter2",
        "gatekeeper",
        "gatekeeper-2026!",
        "GateKeeper99",
        "platewatch",
        "Platewatch2026!",
        "plate-watch-1",
        "p1atewatch",
        "licenseplate1",
    ],
)
def test_what_is_guessed_first_is_refused_with_a_reason(password: str) -> None:
    reason = why_easy_to_guess(password, "gatekeeper")
    assert reason
    assert not reason.endswith(".")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "measured over loopback",
        "Tr0ub4dor&3",
        "gatekeeper of the north yard",
        "0695DVH-white-van",
        "x" * 3 + "7kQ!vd29",
        "\u0444\u043e\u043d\u0430\u0440\u044c \u0438 \u0440\u0435\u043a\u0430",
    ],
)
def test_a_password_of_ones_own_is_taken(password: str) -> None:
    assert why_easy_to_guess(password, "gatekeeper") is None


def test_a_short_user_name_is_no_reason() -> None:
    assert why_easy_to_guess("blue tractor wheel", "bl") is None


def test_the_longest_password_is_judged_in_a_moment() -> None:
    began_s = time.process_time()
    why_easy_to_guess("4@8({[<369&#!1/|0$5+7%2" * 3, "ada")
    assert time.process_time() - began_s < 3
