"""Russia's regions by the area codes of their fixed numbers.

Rule 1: a mobile number is of no region: it stays with its owner, wherever he moves and whoever serves him.
"""

from types import MappingProxyType
from typing import Annotated, Final

from pydantic import AfterValidator

RUSSIA: Final = "7"
AREA_CODE_DIGITS: Final = 3

CODES_BY_REGION: Final = MappingProxyType(
    {
        "adygea": "877",
        "altai_krai": "385",
        "altai_republic": "388",
        "amur": "416",
        "arkhangelsk": "818",
        "astrakhan": "851",
        "bashkortostan": "347",
        "belgorod": "472",
        "bryansk": "483",
        "buryatia": "301",
        "chechnya": "871",
        "chelyabinsk": "351",
        "chukotka": "427",
        "chuvashia": "835",
        "crimea": "365",
        "dagestan": "872",
        "ingushetia": "873",
        "irkutsk": "395",
        "ivanovo": "493",
        "jewish_region": "426",
        "kabardino_balkaria": "866",
        "kaliningrad": "401",
        "kalmykia": "847",
        "kaluga": "484",
        "kamchatka": "415",
        "karachay_cherkessia": "878",
        "karelia": "814",
        "kemerovo": "384",
        "khabarovsk": "421",
        "khakassia": "390",
        "khanty_mansi": "346",
        "kirov": "833",
        "komi": "821",
        "kostroma": "494",
        "krasnodar": "861 862",
        "krasnoyarsk": "391",
        "kurgan": "352",
        "kursk": "471",
        "leningrad_region": "813",
        "lipetsk": "474",
        "magadan": "413",
        "mari_el": "836",
        "mordovia": "834",
        "moscow": "495 499",
        "moscow_region": "496 498",
        "murmansk": "815",
        "nizhny_novgorod": "831",
        "north_ossetia": "867",
        "novgorod": "816",
        "novosibirsk": "383",
        "omsk": "381",
        "orel": "486",
        "orenburg": "353",
        "penza": "841",
        "perm": "342",
        "primorye": "423",
        "pskov": "811",
        "rostov": "863",
        "ryazan": "491",
        "saint_petersburg": "812",
        "sakhalin": "424",
        "samara": "846 848",
        "saratov": "845",
        "sevastopol": "869",
        "smolensk": "481",
        "stavropol": "865 879",
        "sverdlovsk": "343",
        "tambov": "475",
        "tatarstan": "843 855",
        "tomsk": "382",
        "tula": "487",
        "tver": "482",
        "tyumen": "345",
        "tyva": "394",
        "udmurtia": "341",
        "ulyanovsk": "842",
        "vladimir": "492",
        "volgograd": "844",
        "vologda": "817 820",
        "voronezh": "473",
        "yakutia": "411",
        "yamal": "349",
        "yaroslavl": "485",
        "zabaykalye": "302",
    }
)

_REGION_BY_CODE: Final = {code: name for name, codes in CODES_BY_REGION.items() for code in codes.split()}


def _known(name: str) -> str:
    if name not in CODES_BY_REGION:
        raise ValueError(f"no region of that name ({', '.join(CODES_BY_REGION)}); `prefixes` take any other")
    return name


RegionName = Annotated[str, AfterValidator(_known)]


def region_of(number: str) -> str | None:
    code = number.removeprefix(RUSSIA)[:AREA_CODE_DIGITS]
    return _REGION_BY_CODE.get(code) if number.startswith(RUSSIA) else None
