"""The replay of the Dockerfile's steps; the whole of it is `make replay`, which takes minutes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from deploy import replay as module
from deploy.replay import DOCKERFILE, Replay, ReplayError, Stage, Step, gather_context, is_ignored, parse, serve

PYTHON = f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"


def replayed(tmp_path: Path, text: str) -> Replay:
    (tmp_path / "context").mkdir(exist_ok=True)
    replay = Replay(tmp_path, tmp_path / "context")
    for step in parse(text):
        replay.take(step)
    return replay


def test_steps_have_their_lines_joined() -> None:
    text = '# a comment\nFROM x AS y\n\nRUN one \\\n    # between\n    && two\ncmd ["z"]\n'
    assert parse(text) == [
        Step(2, "FROM", "x AS y"),
        Step(4, "RUN", "one && two"),
        Step(7, "CMD", '["z"]'),
    ]


@pytest.mark.parametrize("text", ["FROM", "!!! x", "RUN \\\n"])
def test_what_is_no_step_is_reported(text: str) -> None:
    with pytest.raises(ReplayError, match="Line 1 is no instruction"):
        parse(text)


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("docs/a.md", True),
        ("src/docs/a.md", False),
        (".git/config", True),
        (".gitignore", False),
        ("a/node_modules/b/c.js", True),
        ("node_modules/c.js", True),
        ("src/a.py", False),
    ],
)
def test_dockerignore(path: str, ignored: bool) -> None:
    assert is_ignored(path, [".git", "docs", "**/node_modules"]) == ignored


def test_files_come_into_the_image_and_commands_see_its_paths(tmp_path: Path) -> None:
    (tmp_path / "context" / "code").mkdir(parents=True)
    (tmp_path / "context" / "code" / "a.py").write_text("print('here')")
    (tmp_path / "context" / "one.txt").write_text("1")
    (tmp_path / "context" / "two.txt").write_text("2")
    replay = replayed(
        tmp_path,
        f"""
        FROM {PYTHON} AS first
        WORKDIR /build
        COPY code code
        COPY one.txt two.txt ./
        RUN python code/a.py > /build/said.txt && python -c "import sys; print(sys.prefix)" > prefix.txt
        FROM {PYTHON}
        ENV PLACE=/data SAYS=plain
        WORKDIR /app
        WORKDIR sub
        COPY --from=first /build/said.txt copied/
        COPY one.txt renamed.txt
        RUN useradd --uid 1000 somebody && install -d -o somebody -g somebody /data \\
            && echo "$SAYS $PLACE" > /data/env.txt
        USER 1000
        """,
    )
    first, last = replay.stages
    assert (first.root / "build" / "said.txt").read_text() == "here\n"
    assert (first.root / "build" / "two.txt").read_text() == "2"
    assert (first.root / "build" / "prefix.txt").read_text().strip() == str(first.root / "venv")
    assert (last.root / "app" / "sub" / "copied" / "said.txt").is_file()
    assert (last.root / "app" / "sub" / "renamed.txt").read_text() == "1"
    assert (last.root / "data" / "env.txt").read_text() == f"plain {last.root / 'data'}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("RUN true", "comes before FROM", id="no image"),
        pytest.param("FROM alpine:3", "can't be replaced", id="another image"),
        pytest.param("FROM python:2.7", "has Python 2.7, this machine has", id="another Python"),
        pytest.param(f"FROM {PYTHON}\nRUN false", "ended with 1: false", id="a command that fails"),
        pytest.param(f"FROM {PYTHON}\nCOPY gone x", "nothing 'gone' to copy", id="a file that is not there"),
        pytest.param(f"FROM {PYTHON}\nCOPY --from=other x y", "no stage 'other'", id="a stage that is not there"),
        pytest.param(f"FROM {PYTHON}\nADD x y", "ADD can't be replayed", id="another instruction"),
    ],
)
def test_what_can_not_be_replayed_ends_it(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ReplayError, match=message):
        replayed(tmp_path, text)


def test_the_context_has_the_code_and_nothing_that_is_ignored(tmp_path: Path) -> None:
    gather_context(tmp_path)
    assert (tmp_path / "src" / "platewatch" / "cli" / "__init__.py").is_file()
    assert (tmp_path / "deploy" / "Dockerfile").is_file()
    assert not {"tests", "docs", "training", ".git"} & {path.name for path in tmp_path.iterdir()}


def test_the_dockerfile_has_only_steps_that_are_known() -> None:
    names = {step.name for step in parse(DOCKERFILE.read_text())}
    assert names <= {"FROM", *module._TAKERS, *module._NOTED}


def test_the_command_is_asked_until_it_is_healthy(tmp_path: Path) -> None:
    ask = "import os, sys; sys.exit(not os.path.exists('ready'))"
    told = "import os, time; open('ready', 'w').write(os.environ['PLATEWATCH_PORT']); time.sleep(60)"
    stage = Stage(tmp_path, environment=dict(os.environ), command=[sys.executable, "-c", told])
    stage.health = [sys.executable, "-c", f"import os; os.chdir({str(tmp_path)!r}); {ask}"]
    serve(stage, "8123")
    assert (tmp_path / "ready").read_text() == "8123"
    stage.command = [sys.executable, "-c", "raise SystemExit(3)"]
    (tmp_path / "ready").unlink()
    with pytest.raises(ReplayError, match="ended with 3"):
        serve(stage, "8123")
