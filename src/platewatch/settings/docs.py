"""docs/settings.md and `.env.example`, written from the settings: `python -m platewatch.settings.docs`.

Of the page only the part between the marks is written; the introduction above is for people to edit.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from itertools import pairwise
from textwrap import fill
from typing import Final, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from platewatch.environment import names_of, own_name
from platewatch.installation import checkout_folder
from platewatch.settings.group import SettingsGroup, ShownDefault
from platewatch.settings.settings import setting_groups

PAGE: Final = "docs/settings.md"
EXAMPLE: Final = ".env.example"
BEGIN: Final = "<!-- Written by `make settings-docs` from src/platewatch/settings/; edit the docstrings there. -->"
END: Final = "<!-- The end of what `make settings-docs` writes. -->"
_LINE_LENGTH: Final = 120
_LINK: Final = re.compile(r"\[([^]]+)\]\([^)]+\)")
_EXAMPLE_HEAD: Final = """\
# Copy to `.env` and take the # away where another value is wanted; the environment wins over this file.
# docs/settings.md says more. Written by `make settings-docs`.
"""


def main() -> int:
    """Write both files in the checkout; the status for the shell."""
    checkout = checkout_folder()
    if checkout is None:
        print("There is no checkout whose documents could be written.", file=sys.stderr)  # noqa: T201 (a command prints)
        return 1
    page = checkout / PAGE
    page.write_text(write_page(page.read_text(encoding="utf-8")), encoding="utf-8")
    (checkout / EXAMPLE).write_text(write_example(), encoding="utf-8")
    return 0


def write_page(page: str) -> str:
    """The page with a section for each group between its marks.

    Raises:
        ValueError: it has no marks.
    """
    head, _, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not end:
        raise ValueError(f"{PAGE} has no part between {BEGIN!r} and {END!r}")
    sections = "\n".join(map(_section, setting_groups()))
    return f"{head}{BEGIN}\n\n{sections}\n{END}{tail}"


def write_example() -> str:
    """Every setting with its default behind a `#`."""
    return _EXAMPLE_HEAD + "".join(map(_example_section, setting_groups()))


def describe_fields(group: type[SettingsGroup]) -> dict[str, str]:
    """The docstring below each field of the group, in one line."""
    tree = ast.parse(inspect.getsource(group)).body[0]
    assert isinstance(tree, ast.ClassDef)  # noqa: S101 (for the type checker)
    described = {}
    for statement, below in pairwise(tree.body):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    described[statement.target.id] = " ".join(text.split())
    return described


def plain_text(markdown: str) -> str:
    """The words of a description without links and code marks."""
    return _LINK.sub(r"\1", markdown).replace("`", "")


def _section(group: type[SettingsGroup]) -> str:
    title, introduction = _title(group)
    rows = [
        f"| `{own_name(field)}` | {_shown_default(info)} | {_cell(meaning)} |".replace("|  |", "| |")
        for field, info, meaning in _fields(group)
    ]
    return "\n".join([f"## {title}", "", *introduction, "| setting | default | meaning |", "|---|---|---|", *rows, ""])


def _cell(markdown: str) -> str:
    """The text as it may stand in a table."""
    return markdown.replace("|", r"\|")


def _example_section(group: type[SettingsGroup]) -> str:
    title, _ = _title(group)
    settings = [
        f"{_comment(meaning)}\n#{own_name(field)}={_written(info)}\n" for field, info, meaning in _fields(group)
    ]
    return "\n" + "\n".join([f"# ==== {title} ====\n", *settings])


def _comment(markdown: str) -> str:
    """The text in lines that begin with `#`; neither addresses nor options are divided."""
    return fill(
        plain_text(markdown),
        _LINE_LENGTH,
        initial_indent="# ",
        subsequent_indent="# ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def _title(group: type[SettingsGroup]) -> tuple[str, list[str]]:
    """The heading of the group and the lines below it, as its docstring has them."""
    title, _, introduction = inspect.cleandoc(group.__doc__ or "").partition("\n\n")
    return title.rstrip("."), [introduction, ""] if introduction else []


def _fields(group: type[SettingsGroup]) -> list[tuple[str, FieldInfo, str]]:
    """The fields of the group with their texts: meaning, allowed values, other names."""
    described = describe_fields(group)
    return [
        (field, info, " ".join(filter(None, (described[field], _allowed(info), _other_names(info)))))
        for field, info in group.model_fields.items()
    ]


def _allowed(info: FieldInfo) -> str:
    """The values that may be given, where they can be counted or have bounds."""
    if get_origin(info.annotation) is Literal:
        *others, last = (f"`{choice}`" for choice in get_args(info.annotation))
        return f"Choices: {', '.join(others)} or {last}."
    if info.annotation is bool:
        return "Choices: `true` or `false`."
    bounds = {name: getattr(rule, name) for rule in info.metadata for name in ("ge", "gt", "le") if hasattr(rule, name)}
    match bounds:
        case {"ge": smallest, "le": largest}:
            return f"From {smallest} to {largest}."
        case {"gt": bound, "le": largest}:
            return f"Above {bound}, at most {largest}."
        case {"ge": smallest}:
            return f"At least {smallest}."
    return ""


def _other_names(info: FieldInfo) -> str:
    """CarWatch's name of the setting, where it has one."""
    return " ".join(f"CarWatch's `{name}` works too." for name in names_of("", info)[1:])


def _shown_default(info: FieldInfo) -> str:
    """The default in Markdown, empty where there is none."""
    for rule in info.metadata:
        if isinstance(rule, ShownDefault):
            return rule.text
    written = _written(info)
    return f"`{written}`" if written else ""


def _written(info: FieldInfo) -> str:
    """The default as it stands in `.env`, empty where it depends on the machine."""
    match info.default if info.default_factory is None else None:
        case None:
            return ""
        case bool(value):
            return str(value).lower()
        case float(value):
            return f"{value:g}"
        case tuple(items):
            return ",".join(map(str, items))
        case value:
            return str(value)


if __name__ == "__main__":
    raise SystemExit(main())
