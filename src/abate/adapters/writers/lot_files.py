"""Records of lots in EnergyTag's terms, as CSV or JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from abate.adapters.store.writing import in_place_of
from abate.energy.facts.lots import FACE_WH, Device
from abate.kernel.edges import Json

COUNTRY_LETTERS = 2


@dataclass(frozen=True, slots=True)
class Bundle:
    """Certificates of one device and hour in one account.

    Args:
        device: What made them.
        start: Beginning of the production, UTC.
        hours: 1, or those of the month.
        wh: How many, of a watt-hour each.
        first: Number of the first among the device's.
        account: Who has them.
        beneficiary: For whom they were claimed, empty where they were not.
        status: `active` or `claimed`.
    """

    device: Device
    start: datetime
    hours: int
    wh: int
    first: int
    account: str
    beneficiary: str
    status: str

    @property
    def json(self) -> Json:
        """The record.

        Source: EnergyTag, Granular Certificate Scheme Standard v2 (2024) and its API specification:
            names of the fields of a bundle.
        """
        device, end = self.device, self.start + timedelta(hours=self.hours)
        return {
            "certificate_bundle_status": self.status,
            "account_id": self.account,
            "beneficiary": self.beneficiary,
            "certificate_bundle_id_range_start": self.first,
            "certificate_bundle_id_range_end": self.first + self.wh - 1,
            "bundle_quantity": self.wh,
            "face_value": FACE_WH,
            "energy_carrier": "electricity",
            "energy_source": device.technology,
            "issuance_post_energy_carrier_conversion": False,
            "device_id": device.id,
            "device_technology_type": device.technology,
            "device_production_start_date": device.commissioned,
            "production_starting_interval": f"{self.start.isoformat()}Z",
            "production_ending_interval": f"{end.isoformat()}Z",
            "is_storage": bool(device.storage),
            "storage_id": device.storage,
            "issuing_body": device.issuer,
            "country_of_issuance": device.region[:COUNTRY_LETTERS],
            "issue_market_zone": device.region,
        }


def write_lots(path: Path, bundles: Iterable[Bundle]) -> int:
    """Write bundles one after the other; whole or not at all.

    Args:
        path: `.json`, else CSV.
        bundles: In their order.

    Returns:
        How many.
    """
    count = 0
    with in_place_of(path) as partial, partial.open("w", newline="", encoding="utf-8") as out:
        if path.suffix.lower() == ".json":
            out.write('{"granular_certificate_bundles": [')
            for bundle in bundles:
                out.write(
                    ("," if count else "") + "\n" + json.dumps(bundle.json, ensure_ascii=False)
                )
                count += 1
            out.write("\n]}\n")
            return count
        writer = csv.writer(out)
        for bundle in bundles:
            told = bundle.json
            if not count:
                writer.writerow(told)
            writer.writerow(told.values())
            count += 1
    return count
