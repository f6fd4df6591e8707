from __future__ import annotations

import pytest

from platewatch.forwarding import forwarding_header

FROM_PROXIES = """
Via CF-Connecting-IP CF-Connecting-IPv6 CF-Ray X-Real-IP Forwarded X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto
X-Forwarded-Port X-Forwarded-Server X-Forwarded-Prefix X-Forwarded X-Forward-For Forwarded-For True-Client-IP Client-IP
X-Client-IP X-Client-Address X-Cluster-Client-IP X-Original-Forwarded-For X-Original-Host X-Original-URL X-Rewrite-URL
X-Host X-Coming-From X-Originating-IP X-Remote-IP X-Remote-Addr X-Src-Ip X-ProxyUser-IP WL-Proxy-Client-IP
Proxy-Client-IP Proxy-Connection X-Envoy-External-Address X-Envoy-Expected-Rq-Timeout-Ms Fastly-Client-IP Fly-Client-IP
X-Azure-ClientIP X-Azure-SocketIP X-AppEngine-User-IP X-ARR-LOG-ID CDN-Loop Ali-CDN-Real-IP X-Nginx-Proxy X-Varnish
X-Amzn-Trace-Id X-Amz-Cf-Id X-Vercel-Forwarded-For X-BlueCoat-Via X-Scheme X-Sucuri-ClientIP Incap-Client-IP
Akamai-Origin-Hop Tailscale-User-Login X-Cloud-Trace-Context
"""
FROM_CALLERS = """
Host User-Agent Accept Accept-Encoding Accept-Language Connection Content-Type Content-Length Content-Encoding Cookie
Origin Referer Authorization X-API-Key X-Request-ID X-Search-Reason Idempotency-Key Last-Event-ID Sec-Fetch-Site
Sec-Fetch-Mode Sec-Fetch-Dest Sec-Fetch-User sec-ch-ua sec-ch-ua-platform Upgrade Upgrade-Insecure-Requests
Sec-WebSocket-Key Sec-WebSocket-Version Sec-WebSocket-Extensions Cache-Control Pragma If-None-Match Range Priority TE
DNT Sec-GPC Expect Transfer-Encoding traceparent tracestate baggage X-Requested-With X-CSRF-Token Date From Save-Data
Access-Control-Request-Method Access-Control-Request-Headers X-HTTP-Method-Override sentry-trace Purpose
"""


@pytest.mark.parametrize("name", FROM_PROXIES.split())
def test_a_header_that_proxies_add_is_found_in_any_case(name: str) -> None:
    assert forwarding_header(["host", name.lower()]) == name.lower()
    assert forwarding_header([name]) == name


@pytest.mark.parametrize("name", FROM_CALLERS.split())
def test_a_header_that_browsers_and_programs_send_is_not_taken_for_a_proxys(name: str) -> None:
    assert forwarding_header([name]) is None
