"""Seats and who pauses, on a real PostgreSQL: durable first, told at once, the same after a restart."""

from hashlib import md5

import pytest

from callctl.calls.phones import Phone, SeatChanged
from callctl.calls.seats import SeatTold
from callctl.complaint import Complaint, Exists, Missing
from callctl.storage.database import DatabaseAway
from callctl.storage.pauses import Pauses, read_pauses
from callctl.storage.schemes import Schemes
from callctl.storage.seats import DEVICES_MAX, REALM, Rung, SeatBook, SeatTerms, read_all_seats
from dialplan.targets import Outside, Seat, Target
from tests.shell.office import SCHEME
from tests.shell.relay import Relay
from tests.shell.shop import LINE, MOBILE, Shop, shop_of

SECOND = "74951234568"
RINGS_ANNA = SCHEME.replace('"79161110002"', "{seat: anna}")


class Told:
    """What was told of seats and members; the newest counts."""

    def __init__(self) -> None:
        self.seats: dict[tuple[str, str], SeatTold] = {}
        self.phones: dict[tuple[str, str], tuple[Phone, ...]] = {}
        self.pausing: set[tuple[str, Target]] = set()

    def seat_changed(self, change: SeatChanged) -> None:
        key = (change.account_id, change.name)
        self.seats.pop(key, None)
        self.phones.pop(key, None)
        if change.told:
            self.seats[key], self.phones[key] = change.told, change.phones

    def paused(self, account_id: str, member: Target, is_pausing: bool) -> None:
        (self.pausing.add if is_pausing else self.pausing.discard)((account_id, member))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def book(shop: Shop, told: Told) -> SeatBook:
    return SeatBook(shop.till, told.seat_changed)


@pytest.fixture
def pauses(shop: Shop, told: Told) -> Pauses:
    return Pauses(shop.till, told.paused)


async def written(shop: Shop) -> dict[tuple[str, str], tuple[SeatTold, tuple[Phone, ...]]]:
    """As a restart finds it."""
    async with shop.till.reading() as connection:
        seats = await read_all_seats(connection)
    return {(seat.told.account_id, seat.told.name): (seat.told, seat.phones) for seat in seats}


async def pausing(shop: Shop) -> set[tuple[str, Target]]:
    async with shop.till.reading() as connection:
        return set(await read_pauses(connection))


def is_written_as_told(told: Told, found: dict[tuple[str, str], tuple[SeatTold, tuple[Phone, ...]]]) -> bool:
    return found == {key: (told.seats[key], told.phones[key]) for key in told.seats}


# --- seats -----------------------------------------------------------------------------------------------


async def test_a_new_seat_is_told_and_written_with_its_devices(
    shop: Shop, book: SeatBook, told: Told
) -> None:
    await book.add("ann", "anna", devices=2)
    seat = SeatTold("ann", "anna", ("ann-anna-1", "ann-anna-2"), shows=LINE)
    assert told.seats == {("ann", "anna"): seat}
    assert is_written_as_told(told, await written(shop))


async def test_a_device_is_let_in_by_its_secret_which_is_nowhere_in_the_database(
    shop: Shop, book: SeatBook, told: Told
) -> None:
    added = await book.add("ann", "anna")
    secret = added.secrets["ann-anna-1"]
    login = md5(f"ann-anna-1:{REALM}:{secret}".encode()).hexdigest()
    assert [(phone.realm, phone.digest) for phone in told.phones["ann", "anna"]] == [(REALM, login)]
    async with shop.till.reading() as connection:
        rows = [str(row) for table in ("seat", "device") for row in await connection.fetch(f"TABLE {table}")]
    assert login in str(rows) and secret not in str(rows)


async def test_every_secret_is_another_one(book: SeatBook) -> None:
    secrets = list((await book.add("ann", "anna", devices=DEVICES_MAX)).secrets.values())
    secrets += (await book.add("ann", "boris")).secrets.values()
    assert len(set(secrets)) == DEVICES_MAX + 1
    assert min(map(len, secrets)) >= 24


async def test_a_new_secret_lets_only_that_device_in_otherwise(
    shop: Shop, book: SeatBook, told: Told
) -> None:
    first = (await book.add("ann", "anna", devices=2)).secrets
    before = told.phones["ann", "anna"]
    second = await book.new_secret("ann", "anna", "ann-anna-2")
    after = told.phones["ann", "anna"]
    assert second not in first.values()
    assert (after[0] == before[0], after[1] == before[1]) == (True, False)
    assert is_written_as_told(told, await written(shop))
    with pytest.raises(Missing, match="has no device 'ann-anna-3'"):
        await book.new_secret("ann", "anna", "ann-anna-3")


async def test_seats_that_would_be_written_alike_have_devices_of_their_own(
    shop: Shop, book: SeatBook
) -> None:
    for account_id in ("a-b", "a.b", "A_B", "a"):
        await shop.open(account_id=account_id)
    names = [
        device
        for account_id, seat in (("a-b", "c"), ("a.b", "c"), ("A_B", "c"), ("a", "b-c"))
        for device in (await book.add(account_id, seat)).seat.told.devices
    ]
    assert names == ["a-b-c-1", "a-b-c-2", "a-b-c-3", "a-b-c-4"]


async def test_the_longest_account_and_seat_make_a_name_that_asterisk_holds(
    shop: Shop, book: SeatBook
) -> None:
    account_id = "@" * 3 + "A" * 61
    await shop.open(account_id=account_id)
    (device,) = (await book.add(account_id, "s" * 32)).seat.told.devices
    assert len(device) < 80 and device.replace("-", "").isalnum()


async def test_what_is_set_is_told_and_the_rest_stays(shop: Shop, book: SeatBook, told: Told) -> None:
    await book.add("ann", "anna")
    await book.set_terms("ann", "anna", SeatTerms(is_undisturbed=True))
    await book.set_terms("ann", "anna", SeatTerms(is_busy_on_busy=False))
    seat = told.seats["ann", "anna"]
    assert (seat.is_undisturbed, seat.is_busy_on_busy, seat.shows) == (True, False, LINE)
    await book.set_terms("ann", "anna", SeatTerms(is_undisturbed=False, shows=""))
    seat = told.seats["ann", "anna"]
    assert (seat.is_undisturbed, seat.is_busy_on_busy, seat.shows) == (False, False, "")
    assert is_written_as_told(told, await written(shop))


async def test_a_seat_shows_a_number_of_its_own_account_only(shop: Shop, book: SeatBook, told: Told) -> None:
    await shop.open(account_id="bob")
    with pytest.raises(Missing, match="account 'bob' has no number"):
        await book.add("bob", "boris", shows=LINE)
    await book.add("bob", "boris")
    assert told.seats["bob", "boris"].shows == ""
    await book.add("ann", "anna", shows="8 495 123-45-67")
    assert told.seats["ann", "anna"].shows == LINE
    with pytest.raises(Missing):
        await book.set_terms("ann", "anna", SeatTerms(shows=MOBILE))


async def test_of_several_numbers_one_must_be_said(shop: Shop, book: SeatBook) -> None:
    await Schemes(shop.till).add_number(SECOND, "ann", SCHEME)
    with pytest.raises(Complaint, match="has several numbers: say which one"):
        await book.add("ann", "anna")
    await book.add("ann", "anna", shows=SECOND)


async def test_a_seat_is_not_added_twice(shop: Shop, book: SeatBook, told: Told) -> None:
    await book.add("ann", "anna")
    with pytest.raises(Exists, match="has a seat 'anna' already"):
        await book.add("ann", "anna", devices=3)
    assert is_written_as_told(told, await written(shop))


@pytest.mark.parametrize("name", ["", "Anna", "a b", "../a", "x" * 33, "анна", "a\0"])
async def test_what_no_scheme_could_name_is_no_seat(book: SeatBook, told: Told, name: str) -> None:
    with pytest.raises(Complaint, match="is no name of a seat"):
        await book.add("ann", name)
    for deed in (
        book.remove("ann", name),
        book.set_terms("ann", name, SeatTerms(is_undisturbed=True)),
        book.new_secret("ann", name, "d"),
    ):
        with pytest.raises(Missing, match="has no seat"):
            await deed
    assert told.seats == {}


@pytest.mark.parametrize(
    ("name", "warning"), [("112", "emergency"), ("101", "emergency"), (MOBILE, "not the number"), ("201", "")]
)
async def test_a_name_that_is_dialled_otherwise_is_warned_of(book: SeatBook, name: str, warning: str) -> None:
    warnings = (await book.add("ann", name)).warnings
    assert (warning in str(warnings)) and bool(warnings) is bool(warning)


async def test_a_removed_seat_is_gone_with_its_devices_and_its_pause(
    shop: Shop, book: SeatBook, pauses: Pauses, told: Told
) -> None:
    await book.add("ann", "anna")
    await book.add("ann", "boris")
    await pauses.pause("ann", "anna")
    await pauses.pause("ann", "boris")
    await book.remove("ann", "anna")
    assert list(told.seats) == [("ann", "boris")]
    assert is_written_as_told(told, await written(shop))
    assert await pausing(shop) == {("ann", Seat("boris"))}


async def test_a_scheme_names_no_seat_that_is_not_there(shop: Shop, book: SeatBook) -> None:
    schemes = Schemes(shop.till)
    with pytest.raises(Complaint, match=r"there is no seat 'anna' \(seats: none\)"):
        await schemes.load(LINE, RINGS_ANNA)
    await book.add("ann", "anna")
    assert (await schemes.load(LINE, RINGS_ANNA)).is_new


async def test_another_accounts_seat_is_no_seat_for_a_scheme(shop: Shop, book: SeatBook) -> None:
    await shop.open(account_id="bob")
    await book.add("bob", "anna")
    with pytest.raises(Complaint, match="there is no seat 'anna'"):
        await Schemes(shop.till).load(LINE, RINGS_ANNA)


async def test_a_seat_that_a_scheme_in_force_rings_stays(shop: Shop, book: SeatBook, told: Told) -> None:
    await book.add("ann", "anna")
    schemes = Schemes(shop.till)
    await schemes.load(LINE, RINGS_ANNA)
    with pytest.raises(Rung, match=f"is rung by the scheme of {LINE}"):
        await book.remove("ann", "anna")
    assert is_written_as_told(told, await written(shop)) and told.seats
    await schemes.roll_back(LINE, 1)
    await book.remove("ann", "anna")
    assert told.seats == {} == await written(shop)


async def test_nobodys_seats_are_refused(book: SeatBook, pauses: Pauses) -> None:
    for deed in (book.add("bob", "boris"), book.all_of("bob"), pauses.pause("bob", "boris")):
        with pytest.raises(Missing, match="no account 'bob'"):
            await deed


@pytest.mark.parametrize("deed", ["add", "set", "remove"])
async def test_what_ended_in_doubt_is_told_if_it_stands(
    cut_database: str, relay: Relay, told: Told, deed: str
) -> None:
    async with shop_of(cut_database) as shop:
        await shop.open()
        book = SeatBook(shop.till, told.seat_changed)
        if deed != "add":
            await book.add("ann", "anna")
        relay.lose_answer_to = b"COMMIT"
        with pytest.raises(DatabaseAway):
            if deed == "set":
                await book.set_terms("ann", "anna", SeatTerms(is_undisturbed=True))
            else:
                await (book.add if deed == "add" else book.remove)("ann", "anna")
        assert is_written_as_told(told, await written(shop))
        assert bool(told.seats) is (deed != "remove")


# --- pauses ----------------------------------------------------------------------------------------------


async def test_who_pauses_is_told_and_written_until_he_resumes(
    shop: Shop, book: SeatBook, pauses: Pauses, told: Told
) -> None:
    await book.add("ann", "anna")
    assert await pauses.pause("ann", "anna") == Seat("anna")
    assert await pauses.pause("ann", "8 916 111-00-02") == Outside(MOBILE)
    both = {("ann", Seat("anna")), ("ann", Outside(MOBILE))}
    assert told.pausing == both == await pausing(shop)
    await pauses.pause("ann", "anna")
    await pauses.resume("ann", MOBILE)
    await pauses.resume("ann", MOBILE)
    assert told.pausing == {("ann", Seat("anna"))} == await pausing(shop)


async def test_a_seat_that_is_called_like_a_number_is_the_seat(book: SeatBook, pauses: Pauses) -> None:
    assert await pauses.pause("ann", MOBILE) == Outside(MOBILE)
    await book.add("ann", MOBILE)
    assert await pauses.pause("ann", MOBILE) == Seat(MOBILE)


@pytest.mark.parametrize("member", ["anna", "112", "", "a\0b", "seat anna"])
async def test_who_is_nobody_cannot_pause(shop: Shop, pauses: Pauses, told: Told, member: str) -> None:
    with pytest.raises(Complaint, match="is no seat of 'ann' and no number"):
        await pauses.pause("ann", member)
    assert told.pausing == set() == await pausing(shop)


@pytest.mark.parametrize("is_pausing", [True, False])
async def test_a_pause_that_ended_in_doubt_is_told_if_it_stands(
    cut_database: str, relay: Relay, told: Told, is_pausing: bool
) -> None:
    async with shop_of(cut_database) as shop:
        await shop.open()
        pauses = Pauses(shop.till, told.paused)
        if not is_pausing:
            await pauses.pause("ann", MOBILE)
        relay.lose_answer_to = b"COMMIT"
        with pytest.raises(DatabaseAway):
            await (pauses.pause if is_pausing else pauses.resume)("ann", MOBILE)
        assert await pausing(shop) == told.pausing
        assert bool(told.pausing) is is_pausing
