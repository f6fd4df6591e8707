from __future__ import annotations

import pytest

from platewatch.cameras.source_urls import check_source_url, hides, redact

SECRET = "rtsp://viewer:s3cret@192.0.2.10:554/stream1"


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://192.0.2.10/stream",
        SECRET,
        "http://camera.example/mjpg?token=abc",
        "rtsps://[2001:db8::1]:322/live",
        "RTSP://camera/1",
        "udp://239.0.0.1:5000",
    ],
)
def test_addresses_of_streams_can_be_used(url: str) -> None:
    assert check_source_url(url) == url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "write it like"),
        ("camera-1", "write it like"),
        ("file:///etc/passwd", "write it like"),
        ("javascript:alert(1)", "write it like"),
        ("rtsp://", "write it like"),
        ("rtsp://host:notaport/", "not an address"),
        ("rtsp://host:99999/", "not an address"),
        ("rtsp://[::1/", "not an address"),
        ("rtsp://host/a b", "percent-encode"),
        ("rtsp://host/a\x00b", "percent-encode"),
        ("rtsp://host/\r\nX: y", "percent-encode"),
    ],
)
def test_others_are_refused_with_the_reason(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_source_url(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://192.0.2.10/stream", "rtsp://192.0.2.10/stream"),
        (SECRET, "rtsp://viewer:***@192.0.2.10:554/stream1"),
        ("rtsp://viewer@host/1", "rtsp://viewer@host/1"),
        ("rtsp://viewer:@host/1", "rtsp://viewer:***@host/1"),
        ("rtsp://a:p@ss:w0rd@host/1", "rtsp://a:***@host/1"),
        ("http://host/v?user=a&pwd=geheim&size=2", "http://host/v?user=a&pwd=***&size=2"),
        ("http://host/v?ACCESS_TOKEN=x%20y&empty=", "http://host/v?ACCESS_TOKEN=***&empty="),
        ("rtsp://host/live?u=a&pw=geheim", "rtsp://host/live?u=a&pw=***"),
        (
            "rtsp://host:554/user=admin_password=geheim_channel=1_stream=0.sdp",
            "rtsp://host:554/user=admin_password=***_channel=1_stream=0.sdp",
        ),
        ("rtsp://host/user=admin&password=geheim&channel=1", "rtsp://host/user=admin&password=***&channel=1"),
        ("rtmp://host/live/x7k2-9q4m-zz81-ab3d", "rtmp://host/live/***"),
        ("rtsp://host:554/Streaming/Channels/101", "rtsp://host:554/Streaming/Channels/101"),
        ("rtsp://host/cam/realmonitor", "rtsp://host/cam/realmonitor"),
        ("http://host/v?size=640x480&q=%C3%BC", "http://host/v?size=640x480&q=%C3%BC"),
        ("rtsps://u:p@[2001:db8::1]:322/live", "rtsps://u:***@[2001:db8::1]:322/live"),
    ],
)
def test_secrets_are_not_shown(url: str, shown: str) -> None:
    assert redact(url) == shown
    assert redact(shown) == shown


@pytest.mark.parametrize(
    ("url", "hidden"),
    [
        ("rtsp://viewer:***@elsewhere.example/1", True),
        ("http://host/v?token=***", True),
        (SECRET, False),
        ("http://host/***", True),
    ],
    ids=["password", "query", "the secret itself", "in the path"],
)
def test_an_address_that_hides_its_secret_is_told_from_a_whole_one(url: str, hidden: bool) -> None:
    assert hides(url) is hidden
