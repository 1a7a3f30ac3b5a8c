"""Totals: the activities of an import added up by need, once, for an import never changes.

Runs resolve, load and roll up from them; findings and pages ask them for months. They follow from
the activities, so they are made again where they lack: of imports that an older version or a killed
process left without.
"""

from __future__ import annotations

from collections.abc import Sequence

from abate.adapters.engine.embedded import Embedded, Engine
from abate.application.catalogue import KINDS

BY_BUILDING = tuple(k.id for k in KINDS.values() if k.by_building)
"""Kinds whose meters name buildings."""


def keep_totals(local: Embedded, big: Engine, imports: Sequence[str]) -> None:
    """Add up the activities of imports that were not added up before; the caller holds the lock."""
    import pyarrow as pa

    from abate.kernel import valuation

    store = local.store
    local.know("known_totals", "totals")
    known = {
        row[0]
        for row in local.con.execute("select distinct import_id from known_totals").fetchall()
    }
    lacking = (set(imports) & store.tags("activities")) - known
    if lacking:
        big.know("untotalled", "activities", lacking)
        local.given(
            "new_totals",
            big.take(valuation.totals("untotalled", big.whole_sum, by_building=BY_BUILDING)),
        )
        local.given("lacking_imports", pa.table({"import_id": sorted(lacking)}))
        store.append_queries(
            "totals",
            local.con,
            "from new_totals semi join lacking_imports using (import_id)",
            "import_id",
            sorted(lacking),
        )
