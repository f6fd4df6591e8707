from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import pytest

from platewatch.zones import zone_names, zone_of


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        pytest.param("America/Vancouver", -7, id="Vancouver keeps summer time since 2026"),
        pytest.param("America/Edmonton", -6, id="Edmonton too"),
        pytest.param("Europe/Berlin", 1, id="Berlin"),
    ],
)
def test_zones_follow_rules_of_pinned_package(name: str, hours: int) -> None:
    in_winter = datetime(2026, 12, 1, 12, tzinfo=zone_of(name))
    assert in_winter.utcoffset() == timedelta(hours=hours)


def test_package_is_new_enough() -> None:
    year, number = map(int, version("tzdata").split(".")[:2])
    assert (year, number) >= (2026, 2)


def test_files_of_system_make_no_difference(tmp_path: Path) -> None:
    """The system's folder comes first for `zoneinfo`, and has Berlin's rules under Vancouver's name here."""
    folder = tmp_path / "America"
    folder.mkdir()
    berlin = files("tzdata").joinpath("zoneinfo", "Europe", "Berlin").read_bytes()
    (folder / "Vancouver").write_bytes(berlin)
    code = (
        "from datetime import datetime; from zoneinfo import ZoneInfo; from platewatch.zones import zone_of;"
        "noon = datetime(2026, 12, 1, 12);"
        "print(*(noon.replace(tzinfo=kind('America/Vancouver')).isoformat()[-6:] for kind in (ZoneInfo, zone_of)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONTZPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["+01:00", "-07:00"]


def test_every_name_has_its_zone() -> None:
    assert {zone_of(name).key for name in zone_names()} == zone_names()
    assert zone_of("Asia/Tokyo") is zone_of("Asia/Tokyo")


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../zones", "/etc/passwd", "Europe", "utc", "localtime"])
def test_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a time zone"):
        zone_of(name)
