"""An operator as values: its plans, and all operators that are known now.

Rule 1: a profile is replaced whole; who has asked for a price keeps it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rating.discount import Discount
from rating.funds import Funds
from rating.guards import NO_GUARDS, Guards
from rating.tariff import Plan


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    title: str
    plans: Mapping[str, Plan]
    is_invented: bool  # its prices are plausible, and nobody's
    discounts: tuple[Discount, ...] = ()
    recordings_kept_days: int | None = None  # None: until somebody removes them
    guards: Guards = NO_GUARDS


class Tariffs:
    """The profiles in force."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self._profiles = dict(profiles)

    @property
    def profiles(self) -> Mapping[str, Profile]:
        return self._profiles

    def plan(self, profile: str, plan: str) -> Plan | None:
        known = self._profiles.get(profile)
        return known.plans.get(plan) if known else None

    def funds(self, profile: str, plan: str) -> Funds:
        known = self.plan(profile, plan)
        return known.funds if known else Funds()

    def guards(self, profile: str) -> Guards:
        known = self._profiles.get(profile)
        return known.guards if known else NO_GUARDS

    def replace(self, profile: Profile) -> None:
        self._profiles[profile.name] = profile
