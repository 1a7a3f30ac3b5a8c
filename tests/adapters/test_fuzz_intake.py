"""Files that nobody meant: layouts with random damage end in readings, or in an error about the file.

Numbers in any style come back as they were meant, or are asked about.
"""

import random
import resource
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from abate.adapters.readers.numerals import decimal_of, read_numbers
from abate.adapters.readers.series import read_series
from abate.application.inventory.imports import add_file
from abate.application.opening import create_workspace
from abate.kernel.errors import AbateError, DataError
from adapters.test_bill_layouts import CONFIG, READ
from adapters.test_meter_layouts import CASES
from support import NOW

MUTATIONS = 2000
SECONDS_MAX, GROWTH_MAX_KB = 10, 400_000
JUNK = (
    "", " ", "-", "abc", "1e999", "=1+1", "NaN", "#REF!", "99999999999999999999", "1,2,3.4.5", "2024-13-45", "\ufeff", "\x00",
    '"', "25:61", "0", "-1", "１２", "1/2/3", "24:00", "e", "+", "Total", "kWh", "W" * 40_000, "\u202e", "'", "\\", "01.01.0001",
)  # fmt: skip


def _damage_line(lines: list[str], k: int, mark: str, dice: random.Random) -> list[str]:
    """Damage in one place."""
    cells = lines[k].split(mark)
    c = dice.randrange(len(cells))
    changed = [*cells[:c], dice.choice(JUNK), *cells[c + 1 :]]
    here = {
        "gone": [],
        "twice": [lines[k], lines[k]],
        "junk": [mark.join(changed)],
        "cut": [lines[k][: dice.randrange(len(lines[k]) + 1)]],
        "moved right": [mark * dice.randrange(30) + lines[k]],
        "blank before": ["", lines[k]],
    }
    return [*lines[:k], *here[dice.choice(sorted(here))], *lines[k + 1 :]]


def _damage_all(lines: list[str], k: int, mark: str, dice: random.Random) -> list[str]:
    """Damage everywhere."""
    order = list(range(max(line.count(mark) for line in lines) + 1))
    dice.shuffle(order)
    c, junk, other = dice.choice(order), dice.choice(JUNK), dice.choice(";|\t, ")
    mixed = lines.copy()
    dice.shuffle(mixed)
    every = {
        "columns": [mark.join(_ordered(line.split(mark), order)) for line in lines],
        "rows": mixed,
        "fewer": lines[:: dice.choice((2, 3))],
        "marks": [line.replace(mark, other, dice.randrange(3)) for line in lines],
        "header": [lines[k], *lines[1:k], lines[0], *lines[k + 1 :]],
        "column": [mark.join([*(x := line.split(mark))[:c], junk, *x[c + 1 :]]) for line in lines],
        "headless": lines[1:],
    }
    return every[dice.choice(sorted(every))]


def mutated(content: bytes, dice: random.Random) -> bytes:
    """A text with some of its lines, cells or bytes damaged."""
    text = content.decode("utf-8", errors="replace")
    lines = text.split("\n")[: dice.choice((5, 40, 120))]
    mark = max(",;\t", key=text.count)
    for _ in range(dice.randint(1, 4)):
        damage = dice.choice((_damage_line, _damage_all))
        lines = damage(lines, dice.randrange(len(lines)), mark, dice) or [""]
    made = "\n".join(lines).encode("utf-8", errors="replace")
    if dice.random() < 0.15:
        at = dice.randrange(len(made) + 1)
        made = made[:at] + bytes(dice.randrange(256) for _ in range(dice.randrange(8))) + made[at:]
    if dice.random() < 0.1:
        encoding = dice.choice(("utf-16", "cp1252", "gb18030"))
        made = made.decode("utf-8", errors="replace").encode(encoding, errors="replace")
    return made[: dice.randrange(len(made) + 1)] if dice.random() < 0.1 else made


def _ordered(cells: list[str], order: list[int]) -> list[str]:
    return [cells[k] for k in order if k < len(cells)]


def _is_read(read) -> bool:
    """Whether a file is read; where it is refused the error has a hint."""
    try:
        read()
    except AbateError as error:
        if not error.hint:
            raise
        return False
    return True


def _texts() -> dict[str, bytes]:
    made = {name: make() for name, (make, _, _) in CASES.items() if name.endswith(("csv", "txt", "json", "xml"))}  # fmt: skip
    return {name: c if isinstance(c, bytes) else c.encode() for name, c in made.items()}


def test_damaged_files_of_meters_are_read_or_refused(tmp_path):
    texts = _texts()
    assert len(texts) > 40
    for name, content in texts.items():  # what is loaded once is not counted
        (tmp_path / name).write_bytes(content)
        read_series(tmp_path / name, zone="Europe/Berlin", dates="dmy")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    dice, read = random.Random(20), 0
    for k in range(MUTATIONS):
        name = dice.choice(sorted(texts))
        path = tmp_path / name
        path.write_bytes(mutated(texts[name], dice))
        begun = time.monotonic()
        read += _is_read(lambda path=path: read_series(path, zone="Europe/Berlin"))
        assert time.monotonic() - begun < SECONDS_MAX, (k, name)
    assert read > MUTATIONS / 10, "the damage leaves nothing to read"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < GROWTH_MAX_KB


def test_damaged_bills_enter_or_are_refused(tmp_path):
    dice = random.Random(21)
    workspace = create_workspace(tmp_path / "w", CONFIG)
    texts = {n: c for n, c, _ in READ.values() if n.endswith("csv")}
    for k in range(MUTATIONS // 20):
        name = dice.choice(sorted(texts))
        content = texts[name] if isinstance(texts[name], bytes) else texts[name].encode()
        path = tmp_path / f"{k}-{name}"
        path.write_bytes(mutated(content, dice))
        _is_read(lambda path=path: add_file(workspace, path, now=NOW))


MARKS = st.sampled_from(((".", ","), (",", "."), (",", " "), (".", " "), (",", "\u202f"), (".", "'"), (".", ""), (",", "")))  # fmt: skip
SIGNS = st.sampled_from(("-{}", "−{}", "({})", "{}-", "{} CR"))
MONEY = st.sampled_from(("{}", "{}", "{}", "€ {}", "{} €", "${}", "CHF {}", "¥{}"))


def written(
    thousandths: int, marks: tuple[str, str], below_zero: str, money: str, places: int
) -> str:
    """A number in a style: marks of decimals and thousands, sign, currency."""
    decimal, group = marks
    whole, rest = divmod(abs(thousandths), 1000)
    text = f"{whole:,}".replace(",", group)
    if places:
        text += decimal + f"{rest:03d}"[:places]
    text = money.format(text)
    return below_zero.format(text) if thousandths < 0 else text


@settings(
    max_examples=600,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    st.lists(st.integers(-(10**10), 10**10), min_size=1, max_size=12),
    MARKS,
    SIGNS,
    MONEY,
    st.integers(0, 3),
)
def test_numbers_of_any_style_come_back_or_are_asked(numbers, marks, below_zero, money, places):
    scale = 10 ** (3 - places)
    kept = [n // scale * scale if n >= 0 else -(-n // scale * scale) for n in numbers]
    texts = [written(n, marks, below_zero, money, places) for n in kept]
    try:
        mark = decimal_of(texts, "a.csv")
    except DataError as error:
        asked = error.code
        assume(asked != "ambiguous-number")
        raise
    values, bad = read_numbers(texts, mark)
    assert bad == []
    np.testing.assert_allclose(values, np.array(kept) / 1000, rtol=1e-12)


@pytest.mark.parametrize("marks", [(".", ","), (",", "."), (",", " "), (".", "'"), (",", "")])
@pytest.mark.parametrize("below_zero", ["-{}", "−{}", "({})", "{}-", "{} CR"])
def test_add_reads_numbers_as_readings_does(tmp_path, marks, below_zero):
    workspace = create_workspace(tmp_path / "w", CONFIG)
    numbers = [1_234_567_890, 1_204_500, -1_204_500, 900_250, 12_000, 1_234_000]
    rows = [
        f"HQ;2024-01-{k + 1:02d};{written(n, marks, below_zero, '{}', 2)}"
        for k, n in enumerate(numbers)
    ]
    path = tmp_path / "electricity.csv"
    path.write_text("\n".join(("site;date;kWh", *rows)) + "\n", encoding="utf-8")
    codes = frozenset({"magnitude", "negative-quantity"})
    add_file(workspace, path, now=NOW, accept=codes)
    got = {a["source_row"]: a["quantity"] for a in workspace.store.rows("activities")}
    assert got == {k + 2: pytest.approx(n // 10 * 10 / 1000) for k, n in enumerate(numbers)}
