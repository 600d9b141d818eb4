"""A profile in a few words, for whoever lists them: plans, versions, dates, decks."""

from typing import Any

from callctl.clock import moment, rfc3339
from rating.deck import Deck
from rating.profile import Profile
from rating.tariff import Version


def summarize(profile: Profile) -> dict[str, Any]:
    return {
        "profile": profile.name,
        "title": profile.title,
        "invented": profile.is_invented,
        "plans": [
            {
                "plan": name,
                "title": plan.title,
                "versions": [_version(version) for version in plan.versions],
            }
            for name, plan in sorted(profile.plans.items())
        ],
    }


def _version(version: Version) -> dict[str, Any]:
    return {
        "version": version.name,
        "from": rfc3339(moment(version.from_ms)),
        "published": version.published.isoformat() if version.published else None,
        "outgoing": _deck(version.outgoing),
        "incoming": _deck(version.incoming),
    }


def _deck(deck: Deck | None) -> dict[str, Any] | None:
    return {"deck": deck.name, "prefixes": len(deck.table)} if deck else None
