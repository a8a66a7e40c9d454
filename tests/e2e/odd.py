"""Requests that no client of ours sends, as bytes: what a stranger or a broken proxy may."""

ODD = (
    [
        b"GET /v1/route HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %s\r\nConnection: close\r\n\r\n" % value
        for value in (
            b"",
            b",",
            b",,,,",
            b"a" * 4000,
            b"1.2.3.4," * 900,
            b"::",
            b"[",
            b"[::1",
            b"\xff\xfe",
            b"-1",
            b"1" * 50,
            b"1.2.3.4:99999",
            b"unknown",
            b"0x7f000001",
            b"127.1",
            b"fe80::1%eth0",
            b"'; drop",
            b"${jndi:x}",
            b"%00",
        )
    ]
    + [
        b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % path
        for path in (
            b"/v1/route?",
            b"/v1/route?&&&",
            b"/v1/route?=",
            b"/v1/route?=x",
            b"/v1/route?model",
            b"/v1/route?model=%",
            b"/v1/route?model=%zz",
            b"/v1/route?model=%ff",
            b"/v1/route?model=%00",
            b"/v1/route?" + b"a" * 7000,
            b"/v1/route?" + b"model=x&" * 800,
            b"/v1/route#x",
            b"//v1/route",
            b"/v1//route",
            b"/v1/route/../route",
            b"/%76%31/route",
            b"/v1/route?lat=1e400&lon=1",
            b"/v1/route?lat=--1&lon=1",
            b"/v1/route?explain=1&explain=1",
            b"/v1/models/",
            b"/v1/models/..",
            b"/v1/models/%2e%2e%2f",
            b"/v1/models/" + b"x" * 5000,
            b"*",
            b"/\x01",
            b"http://elsewhere/v1/route",
            b"/v1/regions?x=1",
            b"/readyz?verbose=%",
            b"/metrics?x",
            b"/favicon.ico",
        )
    ]
    + [
        b"%s /v1/route HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % method
        for method in (b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"TRACE", b"HEAD", b"BREW", b"get")
    ]
    + [
        b"GET /v1/route HTTP/1.0\r\n\r\n",
        b"GET /v1/route HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /v1/route HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /v1/route\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /v1/route HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /v1/route HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /v1/route HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /v1/route HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"GET /v1/route HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\nConnection: close\r\n\r\n",
        b"GET /v1/route HTTP/1.1\r\nHost: x\r\nIf-None-Match: \xff\r\nConnection: close\r\n\r\n",
        b"GET /v1/route HTTP/1.1\r\nHost: x\r\nX-Request-Id: \xff\r\nConnection: close\r\n\r\n",
        b"GET /v1/route HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nConnection: close\r\n\r\n",
    ]
)

NASTY = (
    b"", b"%", b"%ff", b"%00", b"%0d%0aX:%201", b"..%2f..%2fetc%2fpasswd", b"NaN", b"-1", b"1e999", b"9" * 400,
    b"%E2%80%AE", b"%F0%9F%92%A9", b"[]", b"<script>", b"a,b,,c", b"CA,US,XX", b"true",
)  # fmt: skip
"""Values for every parameter that there is."""

PARAMETERS = (
    b"model scope residency budget_ms tier only exclude previous concurrency priority lat lon explain"
).split()

CLOSE = b"Connection: close\r\n\r\n"

ODD += [
    b"GET /v1/route?%s=%s HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 2001:db8:1::%x\r\n%s" % (name, value, i, CLOSE)
    for name in PARAMETERS
    for i, value in enumerate(NASTY)
]
