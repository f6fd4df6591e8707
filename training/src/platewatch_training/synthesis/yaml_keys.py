"""A check that YAML itself does not make."""

from __future__ import annotations

from collections.abc import Iterator

import yaml


def repeated_keys(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Line and key of what stands twice in one mapping: YAML would silently take the last."""
    if isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            if key.value in keys:
                yield key.start_mark.line + 1, str(key.value)
            keys.add(key.value)
            yield from repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from repeated_keys(value)
