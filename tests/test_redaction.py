"""What people see of addresses and of texts that others chose."""

from __future__ import annotations

import pytest

from platewatch.redaction import printable, redact_url, redact_urls


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://admin:secret@192.0.2.9/1", "rtsp://***@192.0.2.9/1"),
        ("mysql+pymysql://root:x@localhost/db", "mysql+pymysql://***@localhost/db"),
        ("http://token@gate/open", "http://***@gate/open"),
        ("http://a:p@ss@gate/open", "http://***@gate/open"),
        ("http://u:p@[2001:db8::1]:8080/x", "http://***@[2001:db8::1]:8080/x"),
        ("no address here", "no address here"),
        ("https://example.org/a@b", "https://example.org/a@b"),
        ("http://gate/relay/0?turn=on&token=s3cret", "http://gate/relay/0?turn=***&token=***"),
        ("http://gate?s3cret", "http://gate?***"),
        ("http://home:8123/api/webhook/open-sesame", "http://home:8123/api/webhook/***"),
        ("http://gate/key/1234/relay/0", "http://gate/key/***/relay/0"),
        ("http://gate/keys/1/hook/", "http://gate/keys/1/hook/"),
        ("http://gate/?a=&b", "http://gate/?a=&***"),
        ("http://gate/?a=b=c", "http://gate/?a=***"),
        ("http://gate/#s3cret", "http://gate/#***"),
        ("http://gate/api/webhook/aBc-1234567890-xYz", "http://gate/api/webhook/***"),
        ("http://gate/bot12345:AbCdEfGhIjK/open", "http://gate/***/open"),
        ("http://gate/abcdefghijklmnopqrstuvwx", "http://gate/***"),
        ("http://gate/cgi-bin/relay/open-north-gate", "http://gate/cgi-bin/relay/open-north-gate"),
        ("rtsps://camera.example:7441/aBcDeFgH12345678?enableSrtp", "rtsps://camera.example:7441/***?***"),
        ("rtsp://camera.example/Streaming/Channels/101", "rtsp://camera.example/Streaming/Channels/101"),
        ("postgresql://u:p@db/platewatch_database_of_2026", "postgresql://***@db/platewatch_database_of_2026"),
        ("sqlite:////srv/platewatch-2026/platewatch.db", "sqlite:////srv/platewatch-2026/platewatch.db"),
    ],
)
def test_secrets_of_an_address_are_hidden(url: str, shown: str) -> None:
    assert redact_url(url) == shown
    assert redact_url(shown) == shown
    assert redact_urls(f"can't call {url} now") == f"can't call {shown} now"


@pytest.mark.parametrize("quote", ["'", '"', "<"])
def test_an_address_in_quotes_ends_with_them(quote: str) -> None:
    assert redact_urls(f"GET {quote}http://gate/?k=v{quote} failed") == f"GET {quote}http://gate/?k=***{quote} failed"


@pytest.mark.parametrize(
    ("text", "one_line", "lines"),
    [
        ("Not Found", "Not Found", "Not Found"),
        ("Tür offen, 門", "Tür offen, 門", "Tür offen, 門"),
        ("\x1b[31mred\x1b[0m", "\ufffd[31mred\ufffd[0m", "\ufffd[31mred\ufffd[0m"),
        ("\x9b31m", "\ufffd31m", "\ufffd31m"),
        ("a\r\nb\tc", "a  b c", "a \nb\tc"),
        ("a\x85b\u2028c\u2029d", "a b c d", "a b c d"),
        ("a\0b\x7fc", "a\ufffdb\ufffdc", "a\ufffdb\ufffdc"),
        ("\u202egnp.exe", "\ufffdgnp.exe", "\ufffdgnp.exe"),
        ("half \ud800", "half ?", "half ?"),
    ],
    ids=ascii,
)
def test_control_characters_are_taken_out(text: str, one_line: str, lines: str) -> None:
    assert printable(text) == one_line
    assert printable(text, lines=True) == lines


def test_every_text_is_printable_and_stays_so() -> None:
    everything = "".join(map(chr, range(0x3000))) + "".join(map(chr, range(0xD7F0, 0xE010)))
    cleaned = printable(everything)
    assert printable(cleaned) == cleaned
    assert len(cleaned) == len(everything)
    cleaned.encode()
    assert all(ord(letter) >= 0x20 and not 0x7F <= ord(letter) < 0xA0 for letter in cleaned)
