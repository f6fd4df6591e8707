"""Dependencies of the routes about sightings."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from platewatch.sightings.recorder import Recorder
from platewatch.web.dependencies import StateDep


def get_recorder(state: StateDep) -> Recorder:
    return state.part(Recorder)


RecorderDep = Annotated[Recorder, Depends(get_recorder)]
