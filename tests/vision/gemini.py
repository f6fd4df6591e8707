"""A server on this machine that speaks as much of Gemini's API as the recognizer `llm` uses, and can misbehave."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image

KEY = "a-key-of-somebody"
PLATE = "KX472HR"


@dataclass
class Reply:
    """What is answered to one call."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip_s: float | None = None
    """Send one byte each so many seconds instead of all at once."""


def told(text: str, prompt_tokens: int = 600, output_tokens: int = 30) -> bytes:
    """An answer of `generateContent` in which the model says `text`."""
    return json.dumps(
        {
            "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": prompt_tokens, "candidatesTokenCount": output_tokens},
            "modelVersion": "gemini-2.5-flash",
        }
    ).encode()


def refused(status: int, message: str, **headers: str) -> Reply:
    body = {"error": {"code": status, "message": message, "status": "RESOURCE_EXHAUSTED"}}
    return Reply(json.dumps(body).encode(), status, {name.replace("_", "-"): value for name, value in headers.items()})


def read_pictures(pictures: list[Image.Image]) -> Reply:
    """A plate for each bright picture, nothing for each dark one."""
    plates = [
        {"text": "KX 472 HR", "confidence": 0.9} if np.asarray(picture).mean() > 128 else {"text": "", "confidence": 0}
        for picture in pictures
    ]
    return Reply(told(json.dumps(plates)))


@dataclass
class Gemini:
    """The server: `replies` are given in turn, then `otherwise`; `calls` are the pictures of each call."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    otherwise: Callable[[list[Image.Image]], Reply] = read_pictures
    calls: list[list[Image.Image]] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def answer(self, path: str, key: str | None, body: bytes) -> Reply:
        if path != "/v1beta/models/gemini-2.5-flash:generateContent":
            return refused(404, f"{path} is not found")
        if key != KEY:
            return refused(400, "API key not valid. Please pass a valid API key.")
        asked = json.loads(body)
        assert asked["generationConfig"]["responseMimeType"] == "application/json"
        (content,) = asked["contents"]
        *pictures, prompt = content["parts"]
        opened = [Image.open(io.BytesIO(base64.b64decode(one["inlineData"]["data"]))) for one in pictures]
        assert all(one["inlineData"]["mimeType"] == "image/jpeg" for one in pictures)
        assert all(picture.format == "JPEG" for picture in opened)
        self.calls.append(list(opened))
        self.prompts.append(prompt["text"])
        return self.replies.pop(0) if self.replies else self.otherwise(list(opened))


@contextmanager
def gemini() -> Iterator[Gemini]:
    """The running server."""
    served = Gemini()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            reply = served.answer(self.path, self.headers.get("x-goog-api-key"), body)
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            step = max(1, len(reply.body)) if reply.drip_s is None else 1
            try:
                for start in range(0, len(reply.body), step):
                    self.wfile.write(reply.body[start : start + step])
                    self.wfile.flush()
                    if reply.drip_s is not None and served.stopped.wait(reply.drip_s):
                        return
            except OSError:
                return  # the caller had enough

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
