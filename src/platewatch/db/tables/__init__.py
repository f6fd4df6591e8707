"""Every table. Importing this package puts them all into `Base.metadata`."""

from __future__ import annotations

from platewatch.db.tables.access import AccessLogRow, GatePolicyRow, GateRow
from platewatch.db.tables.audit import AuditRow
from platewatch.db.tables.cameras import CameraRow
from platewatch.db.tables.events import EventRow
from platewatch.db.tables.idempotency import IdempotencyRow
from platewatch.db.tables.imports import ImportedRow, ImportFileRow, ImportJobRow
from platewatch.db.tables.leases import LeaseRow
from platewatch.db.tables.locations import LocationRow, TariffRow
from platewatch.db.tables.privacy import LegalHoldRow, PrivacyRunRow, RetentionRow
from platewatch.db.tables.server_settings import ServerSettingRow
from platewatch.db.tables.sightings import (
    CorrectionRow,
    ImageRow,
    PhotoLockRow,
    PlateKeyRow,
    PlateTextRow,
    SightingRow,
)
from platewatch.db.tables.users import ApiKeyRow, LoginSessionRow, RecoveryCodeRow, UserRow
from platewatch.db.tables.visits import PassRow, VisitLockRow, VisitRow
from platewatch.db.tables.watchlists import (
    WatchlistBatchRow,
    WatchlistEntryLocationRow,
    WatchlistEntryRow,
    WatchlistImportRow,
    WatchlistMatchRow,
    WatchlistRow,
    WatchlistVariantRow,
    WatchlistVersionRow,
)

__all__ = [
    "AccessLogRow",
    "ApiKeyRow",
    "AuditRow",
    "CameraRow",
    "CorrectionRow",
    "EventRow",
    "GatePolicyRow",
    "GateRow",
    "IdempotencyRow",
    "ImageRow",
    "ImportFileRow",
    "ImportJobRow",
    "ImportedRow",
    "LeaseRow",
    "LegalHoldRow",
    "LocationRow",
    "LoginSessionRow",
    "PassRow",
    "PhotoLockRow",
    "PlateKeyRow",
    "PlateTextRow",
    "PrivacyRunRow",
    "RecoveryCodeRow",
    "RetentionRow",
    "ServerSettingRow",
    "SightingRow",
    "TariffRow",
    "UserRow",
    "VisitLockRow",
    "VisitRow",
    "WatchlistBatchRow",
    "WatchlistEntryLocationRow",
    "WatchlistEntryRow",
    "WatchlistImportRow",
    "WatchlistMatchRow",
    "WatchlistRow",
    "WatchlistVariantRow",
    "WatchlistVersionRow",
]
