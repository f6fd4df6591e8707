from __future__ import annotations

import pytest
from sqlalchemy import func, select

from platewatch.db.tables import CameraRow, LocationRow
from tests.servers import Server, samples, upload


@pytest.mark.parametrize("field", ["camera", "location"])
@pytest.mark.parametrize("name", ["a\0b", "a\nb", "a\x7fb", "a" * 151], ids=["NUL", "line end", "delete", "long"])
def test_a_name_that_no_camera_or_location_can_have_is_refused(server: Server, field: str, name: str) -> None:
    photo, _ = samples()[0]
    answer = server.admin().post("/api/v1/sightings", files=upload(photo), data={field: name})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field
    with server.runtime.database.reading() as session:
        for row in (CameraRow, LocationRow):
            assert session.scalar(select(func.count()).select_from(row)) == 0
