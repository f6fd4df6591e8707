from __future__ import annotations

from collections.abc import Callable

import pytest

from platewatch import setting_values as values


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param((), (), id="none"),
        pytest.param(("https://a.example/",), ("https://a.example",), id="a slash at the end"),
        pytest.param(("HTTPS://A.Example:443",), ("https://a.example",), id="as browsers write it"),
        pytest.param(("http://a.example:8080",), ("http://a.example:8080",), id="a port of its own"),
        pytest.param(("http://[2001:db8::1]:80",), ("http://[2001:db8::1]",), id="IPv6"),
        pytest.param(("https://b\u00fccher.example",), ("https://xn--bcher-kva.example",), id="letters with marks"),
    ],
)
def test_sites_become_origins_as_browsers_name_them(given: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert values.browser_origins(given) == expected


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://*",
        "https://*.example.org",
        "null",
        "a.example",
        "ftp://a.example",
        "https://",
        "https://a.example/app",
        "https://a.example?x",
        "https://u:p@a.example",
        "https://a.example:port",
        "https://[::1",
    ],
)
def test_what_is_no_single_site_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match=r"https://plates\.example\.org"):
        values.browser_origins((origin,))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Plates.Example.org", "plates.example.org"),
        ("*.example.org", "*.example.org"),
        ("gate_1.local.", "gate_1.local"),
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:DB8::1]", "[2001:db8::1]"),
        ("2001:db8::1", "[2001:db8::1]"),
    ],
)
def test_host_names_are_written_as_requests_name_them(given: str, expected: str) -> None:
    assert values.host_names((given,)) == (expected,)


@pytest.mark.parametrize(
    "name", ["*", "https://a.example", "a.example/app", "a.example:8000", "a b", "-", "a..b", "*a.example"]
)
def test_what_is_no_host_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"name|Leave"):
        values.host_names((name,))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("127.0.0.1", "127.0.0.1"),
        (" 127.0.0.1 , ::1 ", "127.0.0.1,::1"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("172.16.0.0/12", "172.16.0.0/12"),
    ],
)
def test_proxies_are_addresses_and_networks(given: str, expected: str) -> None:
    assert values.proxy_addresses(given) == expected


@pytest.mark.parametrize("given", ["foo", "*", "0.0.0.0/0", "::/0", "localhost", "127.0.0.1,foo", "10.0.0.0/33"])
def test_what_is_no_proxys_address_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1"):
        values.proxy_addresses(given)


@pytest.mark.parametrize(
    "key",
    [
        "your_secret_key_here",
        "your-secret-key-goes-here",
        "my_super_secret_key",
        "change-me-please-now",
        "<insert key here!>",
        "${SECRET_KEY_VALUE}",
        "passwordpassword1",
        "aaaaaaaaaaaaaaaaaaaa",
        "platewatch-secret-key",
        "0123456789abcdef",
        "abcdefghijklmnopqrstuvwxyz",
        "qwertyuiopasdfghjkl",
        "deadbeefdeadbeef",
        "password12345678",
        "changemechangeme",
        "django-insecure-abc",
        "x",
        "fifteen letters",
    ],
)
@pytest.mark.parametrize("check", [values.require_strong_key, values.server_keys])
def test_a_key_that_is_short_or_a_placeholder_is_refused(check: Callable[[str], object], key: str) -> None:
    with pytest.raises(ValueError, match="openssl rand -hex 32"):
        check(key)


@pytest.mark.parametrize("key", ["3f" * 4 + "9a0b7c51", "a phrase that opens every gate", "k8Jd92mQpLs71xVz"])
def test_a_long_key_of_ones_own_is_taken(key: str) -> None:
    assert values.require_strong_key(key) == key


def test_only_the_key_that_seals_has_to_be_strong() -> None:
    assert values.server_keys("a phrase that opens every gate, x") == "a phrase that opens every gate, x"
    with pytest.raises(ValueError, match="16"):
        values.server_keys("x, a phrase that opens every gate")


@pytest.mark.parametrize("url", ["redis://localhost:6379/0", "rediss://:p@r.example/1", "unix:///run/redis.sock"])
def test_addresses_of_a_redis_are_taken(url: str) -> None:
    assert values.redis_address(url) == url


@pytest.mark.parametrize("url", ["foo", "http://localhost", "redis://", "redis://localhost:port", "unix://"])
def test_what_is_no_address_of_a_redis_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="redis://localhost:6379/0"):
        values.redis_address(url)


@pytest.mark.parametrize("url", ["https://api.example.org", "http://127.0.0.1:9/v1", "https://[2001:db8::1]"])
def test_addresses_of_a_service_are_taken(url: str) -> None:
    assert values.service_address(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "foo",
        "ftp://a.example",
        "https://",
        "https://u:p@a.example",
        "https://a.example:port",
        "https://a b",
        "http://[::1",
    ],
)
def test_what_is_no_address_of_a_service_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"https://api\.example\.org"):
        values.service_address(url)
