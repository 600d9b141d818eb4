"""Russian and English numbers spelt by a second program that shares no word and no rule with the first.

Rule 1: it spells digit by digit, from the right, out of tables of whole groups; slow and plain.
"""


def _words(text: str) -> list[str]:
    return text.split()


MALE = _words("один два три четыре пять шесть семь восемь девять")
FEMALE = ["одна", "две", *MALE[2:]]
NEUTER = ["одно", *MALE[1:]]
TEENS = _words(
    "десять одиннадцать двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать "
    "восемнадцать девятнадцать"
)
TENS = _words("двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто")
HUNDREDS = _words("сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот")
GROUPS = (
    (FEMALE, ("тысяча", "тысячи", "тысяч")),
    (MALE, ("миллион", "миллиона", "миллионов")),
    (MALE, ("миллиард", "миллиарда", "миллиардов")),
)

ONES = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
SMALL = [*ONES.split(), "seventeen", "eighteen", "nineteen"]
TIES = _words("twenty thirty forty fifty sixty seventy eighty ninety")


def russian(number: int, units: list[str] = MALE) -> str:
    digits = str(number).zfill(12)
    groups = [digits[at : at + 3] for at in (9, 6, 3, 0)]
    words = _group(groups[0], units)
    for group, (ones, forms) in zip(groups[1:], GROUPS, strict=True):
        if group != "000":
            words = [*_group(group, ones), noun(group, forms), *words]
    return " ".join(words) or "ноль"


def noun(digits: str, forms: tuple[str, str, str]) -> str:
    if digits[-2:-1] != "1" and digits[-1] == "1":
        return forms[0]
    if digits[-2:-1] != "1" and digits[-1] in "234":
        return forms[1]
    return forms[2]


def _group(digits: str, ones: list[str]) -> list[str]:
    hundred, ten, one = map(int, digits)
    words = [HUNDREDS[hundred - 1]] if hundred else []
    if ten == 1:
        return [*words, TEENS[one]]
    if ten:
        words.append(TENS[ten - 2])
    if one:
        words.append(ones[one - 1])
    return words


def english(number: int) -> str:
    if not number:
        return "zero"
    digits = str(number).zfill(12)
    words = []
    for at, name in ((0, "billion"), (3, "million"), (6, "thousand"), (9, "")):
        hundred, rest = int(digits[at]), int(digits[at + 1 : at + 3])
        if hundred:
            words.append(f"{SMALL[hundred - 1]} hundred")
        if rest:
            words += ["and"] if hundred or (not name and words) else []
            words += _small(rest)
        if (hundred or rest) and name:
            words.append(name)
    return " ".join(words)


def _small(number: int) -> list[str]:
    if number < 20:
        return [SMALL[number - 1]]
    return [TIES[number // 10 - 2], *([SMALL[number % 10 - 1]] if number % 10 else [])]
