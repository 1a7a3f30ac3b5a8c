"""Organisation: entities, sites, who owns and controls them when, and the boundary that follows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

from abate.kernel.claim import Programme
from abate.kernel.errors import ConfigError
from abate.kernel.period import month_end, month_start


class Boundary(StrEnum):
    """Consolidation approach.

    Source: GHG Protocol Corporate Standard (2004), chapter 3.
    """

    OPERATIONAL = "operational"
    FINANCIAL = "financial"
    EQUITY = "equity"


@dataclass(frozen=True, slots=True)
class Ownership:
    """A share of equity held from a day on.

    Args:
        since: First day.
        share: Share of equity, 0 to 1.
    """

    since: date
    share: float


HALF = 0.5
"""Share of equity up to which nobody is taken to run an entity unless it is said."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A business or legal unit.

    Args:
        id: Short name used in files.
        name: Name for people.
        parent: Id of the entity above, empty for the root.
        ownership: Shares held by the parent, oldest first; none means wholly owned.
        operational_control: Whether the group has full authority over its operating policies; None
            where nobody has said.
        financial_control: Whether the group directs its financial policies: `full`, `joint` with
            partners, or `none`; empty where nobody has said.
        region: Region of what belongs to it as a whole, such as goods it buys; empty takes its
            parent's.
    """

    id: str
    name: str
    parent: str = ""
    ownership: tuple[Ownership, ...] = ()
    operational_control: bool | None = None
    financial_control: str = ""
    region: str = ""

    def is_unstated(self, boundary: Boundary) -> bool:
        """Whether control decides its share under an approach, and nobody has said who has it.

        A wholly owned entity is controlled. One that is held in part may be run, or its policies
        directed, by others.
        """
        held = min((o.share for o in self.ownership), default=1.0)
        if boundary is Boundary.FINANCIAL:
            return held < 1 and not self.financial_control
        return (
            boundary is Boundary.OPERATIONAL and held <= HALF and self.operational_control is None
        )

    def controlled_share(self, boundary: Boundary, day: date) -> float:
        """Share that counts under an approach of control.

        All, none, or under joint financial control that of equity.

        Source: GHG Protocol Corporate Standard (2004), chapter 3, Table 1.
        """
        if boundary is Boundary.OPERATIONAL:
            return 0.0 if self.operational_control is False else 1.0
        return {"none": 0.0, "joint": self.share_on(day)}.get(self.financial_control, 1.0)

    def share_on(self, day: date) -> float:
        """Share of equity that the parent holds on a day."""
        if not self.ownership:
            return 1.0
        held = [o.share for o in self.ownership if o.since <= day]
        return held[-1] if held else 0.0


@dataclass(frozen=True, slots=True)
class Climate:
    """The usual climate of a place.

    Args:
        mean_c: Mean temperature of each month, January to December [degrees Celsius].
        source: Where it is from.
    """

    mean_c: tuple[float, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Site:
    """A place that consumes.

    Args:
        id: Short name used in files.
        name: Name for people.
        entity: Id of the entity that runs it.
        region: Region of its grid, such as `CN-HE`.
        type: Such as data-centre, warehouse, hypermarket, campus.
        opened: First day in the group, None for before all records.
        closed: Last day in the group, None where it still belongs to it.
        aliases: Other names found in files.
        expects: Kinds of activity of which every month must have one.
        buildings: Ids of metered buildings.
        bought: Whether `opened` is the day it was bought, with a history under its seller.
        sold: Whether `closed` is the day it was sold, to go on under its buyer.
        climate: Its usual climate, where it is known.
    """

    id: str
    name: str
    entity: str
    region: str
    type: str = ""
    opened: date | None = None
    closed: date | None = None
    aliases: tuple[str, ...] = ()
    expects: tuple[str, ...] = ()
    buildings: tuple[str, ...] = ()
    bought: bool = False
    sold: bool = False
    climate: Climate | None = None

    def owned_on(self, day: date) -> bool:
        """Whether the site belongs to the group on a day."""
        return (self.opened is None or day >= self.opened) and (
            self.closed is None or day <= self.closed
        )

    @property
    def structural(self) -> Site:
        """The site with only those ends at which it was bought or sold."""
        return replace(
            self,
            opened=self.opened if self.bought else None,
            closed=self.closed if self.sold else None,
        )

    @property
    def organic(self) -> Site:
        """The site with only those ends at which it was opened or shut."""
        return replace(
            self,
            opened=None if self.bought else self.opened,
            closed=None if self.sold else self.closed,
        )

    def months_owned(self, months: list[str]) -> list[str]:
        """Those of the months in which the site belongs to the group on at least one day."""
        return [
            m
            for m in months
            if (self.opened is None or month_end(m) >= self.opened)
            and (self.closed is None or month_start(m) <= self.closed)
        ]


@dataclass(frozen=True, slots=True)
class Organisation:
    """Entities and sites as one tree.

    Args:
        name: Name of the group.
        entities: All entities, the root among them.
        sites: All sites.
        currency: Currency of revenue, such as CNY.
        programmes: Programmes that book avoided emissions.

    Raises:
        ConfigError: `bad-organisation` where names repeat, parents are missing or run in a circle.
    """

    name: str
    entities: tuple[Entity, ...]
    sites: tuple[Site, ...]
    currency: str = "CNY"
    programmes: tuple[Programme, ...] = ()
    _entity: dict[str, Entity] = field(init=False, repr=False, compare=False, default_factory=dict)
    _site: dict[str, Site] = field(init=False, repr=False, compare=False, default_factory=dict)
    _programme: dict[str, Programme] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    _shares: dict[tuple[str, str, Boundary], float] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        self._entity.update({e.id: e for e in self.entities})
        self._site.update({s.id: s for s in self.sites})
        self._programme.update({p.id: p for p in self.programmes})
        names = (
            [e.id for e in self.entities]
            + [s.id for s in self.sites]
            + [p.id for p in self.programmes]
        )
        repeated = sorted(n for n, count in Counter(names).items() if count > 1)
        if repeated:
            raise ConfigError(
                "bad-organisation",
                f"These ids appear twice: {', '.join(repeated)}.",
                "Give each its own.",
            )
        for e in self.entities:
            if e.parent and e.parent not in self._entity:
                raise ConfigError(
                    "bad-organisation",
                    f"Parent '{e.parent}' of '{e.id}' is unknown.",
                    "Add it to [[entities]].",
                )
            if len(self.ancestry(e.id)) > len(self.entities):
                raise ConfigError(
                    "bad-organisation", f"'{e.id}' is its own ancestor.", "Correct the parents."
                )
        for place, entity in [(s.id, s.entity) for s in self.sites] + [
            (p.id, p.entity) for p in self.programmes
        ]:
            if entity not in self._entity:
                raise ConfigError(
                    "bad-organisation",
                    f"Entity '{entity}' of '{place}' is unknown.",
                    "Add it to [[entities]].",
                )

    def unstated_control(self, boundary: Boundary) -> list[str]:
        """Entities whose control decides their share under an approach, and is not said."""
        return [e.id for e in self.entities if e.is_unstated(boundary)]

    def site(self, site_id: str) -> Site | None:
        """The site of an id, or None."""
        return self._site.get(site_id)

    def entity_of(self, place: str) -> Entity | None:
        """The entity that runs a site or programme, or the entity itself where the place is one."""
        run = self._site.get(place) or self._programme.get(place)
        return self._entity.get(run.entity if run else place)

    def programme(self, place: str) -> Programme | None:
        """The programme of an id, or None."""
        return self._programme.get(place)

    def region_of(self, place: str) -> str:
        """Region of a site or programme, or of an entity by itself or those above it.

        Empty where none says one.
        """
        run = self._site.get(place) or self._programme.get(place)
        if run is not None:
            return run.region
        entity = self._entity.get(place)
        return next((e.region for e in self.ancestry(entity.id) if e.region), "") if entity else ""

    def ancestry(self, entity_id: str) -> list[Entity]:
        """The entity and those above it, the root last."""
        chain: list[Entity] = []
        here: str = entity_id
        while here and len(chain) <= len(self.entities):
            chain.append(self._entity[here])
            here = chain[-1].parent
        return chain

    def business_of(self, place: str) -> str:
        """The entity just below the root that a place belongs to: the business in reports."""
        entity = self.entity_of(place)
        if entity is None:
            return ""
        chain = self.ancestry(entity.id)
        return chain[-2].id if len(chain) > 1 else chain[-1].id

    def share_on(
        self, place: str, day: date, boundary: Boundary, *, structural: bool = False
    ) -> float:
        """Share of a place's emissions that counts on a day under a consolidation approach.

        Args:
            place: Site, entity or programme.
            day: The day.
            boundary: Consolidation approach.
            structural: Whether only what was bought or sold ends a site, not that it was opened or
                shut.

        Source: GHG Protocol Corporate Standard (2004), chapter 3, Table 1.
        """
        entity = self.entity_of(place)
        if entity is None:
            return 0.0
        if place in self._programme:
            return 1.0  # what others emit less is nobody's share of an inventory
        site = self.site(place)
        if site is not None and not (site.structural if structural else site).owned_on(day):
            return 0.0
        chain = self.ancestry(entity.id)
        if boundary is Boundary.EQUITY:
            share = 1.0
            for e in chain:
                share *= e.share_on(day)
            return share
        if not all(e.share_on(day) > 0 for e in chain):
            return 0.0
        return math.prod(e.controlled_share(boundary, day) for e in chain)

    def month_share(self, place: str, month: str, boundary: Boundary) -> float:
        """Share of a place that counts in a month.

        The mean over the days on which it belongs to the group.

        Days outside ownership are left out of the mean, because activities dated on them are kept
        in quarantine.

        Example:
            >>> org = Organisation("G", (Entity("g", "G"),
            ...     Entity("j", "Joint venture", "g", (Ownership(date(2020, 1, 1), 0.4),), True, "joint")),
            ...     (Site("s", "S", "j", "CN"),))
            >>> [org.month_share("s", "2023-04", b) for b in (Boundary.EQUITY, Boundary.OPERATIONAL, Boundary.FINANCIAL)]
            [0.4, 1.0, 0.4]
        """
        share = self._shares.get((place, "", boundary))  # of one that never changes
        if share is None:
            share = self._shares.get((place, month, boundary))
        if share is None:  # a run asks for each several times
            share = self._month_share(place, month, boundary)
            self._shares[place, month if self._changes(place) else "", boundary] = share
        return share

    def _month_share(self, place: str, month: str, boundary: Boundary) -> float:
        first, last = month_start(month), month_end(month)
        if not any(first < day <= last for day in self._changes(place)):
            return self.share_on(place, first, boundary)
        site = self.site(place)
        days = [first + timedelta(days=k) for k in range((last - first).days + 1)]
        inside = [d for d in days if site is None or site.owned_on(d)]
        return (
            sum(self.share_on(place, d, boundary) for d in inside) / len(inside) if inside else 0.0
        )

    def structure_share(
        self, place: str, month: str, boundary: Boundary, months: Sequence[str], whole_year: bool
    ) -> float:
        """Share of a place in a month of the base year under the structure of a later year.

        What was bought or sold since counts as if it had been so in the base year: for the whole
        year, as at the end of the later one, or month by month as in the later one (pro rata). A
        site that was opened or shut, rather than bought or sold, keeps its own history.

        Args:
            place: Site or entity.
            month: Month of the base year.
            boundary: Consolidation approach.
            months: Months of the later year; the one at the same place of the calendar is looked
                at.
            whole_year: Whether the end of the later year decides.

        Source: GHG Protocol, Base year recalculation methodologies for structural changes (2005).
        """
        site = self.site(place)
        if site is not None and not site.organic.months_owned([month]):
            return 0.0
        if whole_year:
            return self.share_on(place, month_end(months[-1]), boundary, structural=True)
        later = next(m for m in months if m[5:] == month[5:])
        return self.days_share(place, later, boundary)

    def days_share(self, place: str, month: str, boundary: Boundary) -> float:
        """Mean share of a place over all days of a month.

        Before it was bought and after it was sold it is none.
        """
        first, last = month_start(month), month_end(month)
        if not any(first < day <= last for day in self._changes(place)):
            return self.share_on(place, first, boundary, structural=True)
        days = [first + timedelta(days=k) for k in range((last - first).days + 1)]
        return sum(self.share_on(place, d, boundary, structural=True) for d in days) / len(days)

    def _changes(self, place: str) -> list[date]:
        """Days on which a place's share can change.

        New ownership along its chain, opening, the day after sale.
        """
        entity, site = self.entity_of(place), self.site(place)
        days = [o.since for e in (self.ancestry(entity.id) if entity else []) for o in e.ownership]
        days += [site.opened] if site and site.opened else []
        days += [site.closed + timedelta(days=1)] if site and site.closed else []
        return days
