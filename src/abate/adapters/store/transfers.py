"""The ledger of transfers: double entry in SQL, idempotent, never overdrawn, retired once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    func,
    insert,
    or_,
    select,
    update,
)

from abate.adapters.store.sql import open_sql
from abate.kernel.transfer import Transfer, TransferResult

REVERSED = "/reversed"
_METADATA = MetaData()
_ACCOUNTS = Table(
    "accounts",
    _METADATA,
    Column("ledger", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("balance", BigInteger, nullable=False),
    CheckConstraint("balance >= 0 or name like 'issuer:%'", name="never_overdrawn"),
)
_TRANSFERS = Table(
    "transfers",
    _METADATA,
    Column("ledger", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("target", String, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("reason", String, nullable=False),
    CheckConstraint("amount > 0", name="positive"),
)


class TransferLedger:
    """Accounts and transfers in one SQL database.

    Args:
        where: Path of an SQLite database, or a URL of SQLAlchemy; see `open_transfers` for the
            embedded one.
    """

    def __init__(self, where: str | Path) -> None:
        self.engine: Engine = open_sql(where, _METADATA)

    def post(self, transfers: Iterable[Transfer]) -> list[TransferResult]:
        """Post transfers in order, as one transaction.

        Each has its own result, and one's refusal stops no other.

        Posting the same transfer again does nothing and says `exists`.
        """
        with self.engine.begin() as con:
            return [_post_one(con, t) for t in transfers]

    def post_whole(self, transfers: Iterable[Transfer]) -> list[TransferResult]:
        """Post transfers in order, all of them or, where one is refused, none."""
        with self.engine.connect() as con, con.begin() as transaction:
            results = [_post_one(con, t) for t in transfers]
            if any(r.is_refused for r in results):
                transaction.rollback()
            return results

    def balance(self, ledger: str, account: str) -> int:
        """What an account holds, 0 where it is unknown."""
        with self.engine.connect() as con:
            found = con.scalar(
                select(_ACCOUNTS.c.balance).where(
                    _ACCOUNTS.c.ledger == ledger, _ACCOUNTS.c.name == account
                )
            )
        return int(found or 0)

    def balances(self, ledger: str) -> dict[str, int]:
        """What every account of a ledger holds."""
        with self.engine.connect() as con:
            rows = con.execute(
                select(_ACCOUNTS.c.name, _ACCOUNTS.c.balance).where(_ACCOUNTS.c.ledger == ledger)
            ).all()
        return {r.name: int(r.balance) for r in rows}

    def reverse(self, ledger: str, key: str, reason: str) -> TransferResult:
        """Post the opposite of a transfer, also out of a place of retirement.

        A mistake is corrected by a new row.
        """
        with self.engine.begin() as con:
            row = con.execute(
                select(_TRANSFERS).where(_TRANSFERS.c.ledger == ledger, _TRANSFERS.c.key == key)
            ).one_or_none()
            if row is None:
                return TransferResult.KEY_CONFLICT
            back = Transfer(f"{key}{REVERSED}", ledger, row.target, row.source, row.amount, reason)
            return _move(con, back)

    def standing(self, ledger: str) -> dict[str, tuple[str, list[str]]]:
        """Transfers that were not reversed, by subject.

        The part of the key before `#`, with reason and keys.
        """
        with self.engine.connect() as con:
            rows = con.execute(
                select(_TRANSFERS.c.key, _TRANSFERS.c.reason).where(_TRANSFERS.c.ledger == ledger)
            ).all()
        reversed_keys = {r.key.removesuffix(REVERSED) for r in rows if r.key.endswith(REVERSED)}
        found: dict[str, tuple[str, list[str]]] = {}
        for row in rows:
            if not row.key.endswith(REVERSED) and row.key not in reversed_keys:
                found.setdefault(row.key.split("#")[0], (row.reason, []))[1].append(row.key)
        return {subject: (reason, sorted(keys)) for subject, (reason, keys) in found.items()}

    def rows(self, ledger: str) -> list[Transfer]:
        """Every transfer of a ledger, by key."""
        with self.engine.connect() as con:
            found = con.execute(
                select(_TRANSFERS).where(_TRANSFERS.c.ledger == ledger).order_by(_TRANSFERS.c.key)
            ).all()
        return [
            Transfer(r.key, r.ledger, r.source, r.target, int(r.amount), r.reason) for r in found
        ]

    def turns(self, ledger: str) -> dict[str, int]:
        """How many transfers of each subject were posted so far: the number for its next keys."""
        with self.engine.connect() as con:
            keys = con.scalars(select(_TRANSFERS.c.key).where(_TRANSFERS.c.ledger == ledger)).all()
        return dict(Counter(key.split("#")[0] for key in keys))

    def total(self, ledger: str) -> int:
        """Sum of all balances of a ledger: zero, always."""
        with self.engine.connect() as con:
            return int(
                con.scalar(
                    select(func.sum(_ACCOUNTS.c.balance)).where(_ACCOUNTS.c.ledger == ledger)
                )
                or 0
            )

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def open_transfers(root: Path) -> TransferLedger:
    """The embedded ledger of a workspace."""
    return TransferLedger(root / "transfers.sqlite")


def _post_one(con: Connection, transfer: Transfer) -> TransferResult:
    fault = transfer.fault()
    if fault is not None:
        return fault
    return _move(con, transfer)


def _move(con: Connection, transfer: Transfer) -> TransferResult:
    same = con.execute(
        select(_TRANSFERS).where(
            _TRANSFERS.c.ledger == transfer.ledger, _TRANSFERS.c.key == transfer.key
        )
    ).one_or_none()
    if same is not None:
        equal = (same.source, same.target, same.amount) == (
            transfer.source,
            transfer.target,
            transfer.amount,
        )
        return TransferResult.EXISTS if equal else TransferResult.KEY_CONFLICT
    for account in (transfer.source, transfer.target):
        known = con.scalar(
            select(_ACCOUNTS.c.name).where(
                _ACCOUNTS.c.ledger == transfer.ledger, _ACCOUNTS.c.name == account
            )
        )
        if known is None:
            con.execute(insert(_ACCOUNTS).values(ledger=transfer.ledger, name=account, balance=0))
    taken = con.execute(
        update(_ACCOUNTS)
        .where(
            _ACCOUNTS.c.ledger == transfer.ledger,
            _ACCOUNTS.c.name == transfer.source,
            or_(_ACCOUNTS.c.balance >= transfer.amount, _ACCOUNTS.c.name.like("issuer:%")),
        )
        .values(balance=_ACCOUNTS.c.balance - transfer.amount)
    )
    if taken.rowcount == 0:
        return TransferResult.OVERDRAWN
    con.execute(
        update(_ACCOUNTS)
        .where(_ACCOUNTS.c.ledger == transfer.ledger, _ACCOUNTS.c.name == transfer.target)
        .values(balance=_ACCOUNTS.c.balance + transfer.amount)
    )
    con.execute(
        insert(_TRANSFERS).values(
            ledger=transfer.ledger,
            key=transfer.key,
            source=transfer.source,
            target=transfer.target,
            amount=transfer.amount,
            reason=transfer.reason,
        )
    )
    return TransferResult.OK
