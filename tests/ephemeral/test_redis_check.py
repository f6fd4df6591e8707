from __future__ import annotations

import socket
import threading

from platewatch.ephemeral.redis_check import RedisState, ask_redis
from tests.redis_server import AWAY_URL, redis_url


def test_a_redis_that_answers_is_ready() -> None:
    assert ask_redis(redis_url()).state is RedisState.READY


def test_a_redis_that_is_away_is_reported_with_the_reason() -> None:
    answer = ask_redis(AWAY_URL)
    assert answer.state is RedisState.AWAY
    assert "refused" in answer.reason.lower()


def test_a_number_that_the_redis_does_not_have_is_refused() -> None:
    answer = ask_redis(redis_url().rsplit("/", 1)[0] + "/99999")
    assert answer.state is RedisState.REFUSED
    assert "range" in answer.reason


def test_a_redis_that_wants_another_password_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"-NOAUTH Authentication required.\r\n" * 8)

        thread = threading.Thread(target=refuse)
        thread.start()
        answer = ask_redis(f"redis://:hunter2@127.0.0.1:{listener.getsockname()[1]}/0")
        thread.join(10)
    assert answer.state is RedisState.REFUSED
    assert "hunter2" not in answer.reason
