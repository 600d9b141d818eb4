"""Laws of numbers in words, against a second speller."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callctl.prompts.texts import texts
from dialplan.speech.russian import Gender
from dialplan.speech.say import NUMBER_MAX, say_money, say_number
from dialplan.speech.texts import text_of
from tests.speech import naive_speller

GENDERS = {
    Gender.MASCULINE: naive_speller.MALE,
    Gender.FEMININE: naive_speller.FEMALE,
    Gender.NEUTER: naive_speller.NEUTER,
}
NUMBERS = st.integers(0, NUMBER_MAX) | st.integers(0, 12).map(lambda n: 10**n - 1) | st.integers(0, 10**6)


def heard(sounds: tuple[str, ...]) -> str:
    return text_of(sounds, texts())


@pytest.mark.parametrize("gender", Gender, ids=lambda gender: gender.name.lower())
def test_every_russian_number_below_ten_thousand_is_spelt_right(gender: Gender) -> None:
    for number in range(10_000):
        assert heard(say_number(number, "ru", gender)) == naive_speller.russian(number, GENDERS[gender])


@given(NUMBERS, st.sampled_from(Gender))
def test_a_russian_number_is_spelt_right(number: int, gender: Gender) -> None:
    assert heard(say_number(number, "ru", gender)) == naive_speller.russian(number, GENDERS[gender])


def test_every_english_number_below_ten_thousand_is_spelt_right() -> None:
    for number in range(10_000):
        assert heard(say_number(number, "en")) == naive_speller.english(number)


@given(NUMBERS)
def test_an_english_number_is_spelt_right(number: int) -> None:
    assert heard(say_number(number, "en")) == naive_speller.english(number)


@given(st.integers(1, 10**11), st.integers(1, 99))
def test_russian_roubles_and_kopecks_agree_with_their_numbers(roubles: int, kopecks: int) -> None:
    assert heard(say_money(roubles * 100 + kopecks, "ru")) == " ".join(
        (
            naive_speller.russian(roubles),
            naive_speller.noun(str(roubles), ("рубль", "рубля", "рублей")),
            naive_speller.russian(kopecks, naive_speller.FEMALE),
            naive_speller.noun(str(kopecks), ("копейка", "копейки", "копеек")),
        )
    )
