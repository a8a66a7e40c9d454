"""Where countries are, roughly: enough to see that a sign was lost from a longitude.

Boxes around the places that the embedded City database has of each country (DB-IP, CC BY 4.0), without the outermost
hundredth on each side, eight of them at most: some are of companies that announce their addresses elsewhere. A
country without a box is anywhere.
"""

from collections.abc import Iterator

from autorouter.core.names import Country
from autorouter.core.place import Coordinates

MARGIN = 3.0
"""Degrees by which a region may be outside: islands, border towns, places that no database has."""

_BOXES = (
    "AD 42 43 1 2, AE 23 26 52 57, AF 31 37 61 71, AG 17 18 -62 -61, AI 18 19 -64 -63, AL 39 43 19 21, "
    "AM 39 41 43 47, AO -15 -5 12 21, AR -51 -23 -72 -54, AS -15 -14 -171 -170, AT 46 49 9 17, "
    "AU -43 -12 115 154, AW 12 13 -71 -69, AX 60 61 19 20, AZ 38 42 45 51, BA 43 46 15 20, BB 13 14 -60 -59, "
    "BD 22 27 88 93, BE 49 52 2 6, BF 11 13 -4 0, BG 41 44 22 29, BH 26 27 50 51, BI -4 -3 29 30, BJ 6 10 2 3, "
    "BL 17 18 -63 -62, BM 32 33 -65 -64, BN 4 5 114 115, BO -22 -10 -69 -58, BQ 12 18 -69 -63, "
    "BR -32 3 -69 -34, BS 24 27 -79 -76, BT 26 28 89 92, BW -25 -19 20 26, BY 51 56 23 33, BZ 16 19 -90 -87, "
    "CA 42 63 -131 -53, CC -13 -12 96 97, CD -12 2 13 31, CF 4 9 18 21, CG -5 0 11 16, CH 45 48 6 11, "
    "CI 5 10 -8 -3, CK -22 -21 -160 -159, CL -54 -20 -74 -68, CM 3 11 9 15, CN 19 47 87 130, CO 0 12 -78 -70, "
    "CR 8 11 -86 -82, CU 20 24 -84 -74, CV 14 17 -26 -22, CW 12 13 -69 -68, CY 34 36 32 35, CZ 48 51 12 19, "
    "DE 47 55 6 15, DJ 11 12 42 44, DK 54 58 8 15, DM 15 16 -62 -61, DO 18 20 -72 -68, DZ 22 37 -3 9, "
    "EC -5 1 -91 -76, EE 57 60 22 29, EG 24 32 27 35, EH 27 28 -14 -13, ER 15 16 38 39, ES 28 44 -17 4, "
    "ET 7 14 36 43, FI 60 69 21 30, FJ -19 -17 177 179, FK -52 -51 -58 -57, FM 6 10 138 159, FO 62 63 -7 -6, "
    "FR 41 51 -5 10, GA -1 2 8 12, GB 50 59 -8 2, GD 12 13 -62 -61, GE 41 44 40 46, GF 4 6 -54 -52, "
    "GG 49 50 -3 -2, GH 4 10 -3 1, GI 36 37 -6 -5, GL 64 78 -70 -42, GM 13 14 -17 -16, GN 8 10 -14 -9, "
    "GP 15 17 -62 -61, GQ -2 4 5 12, GR 35 42 19 29, GS -55 -54 -37 -36, GT 13 16 -93 -88, GU 13 14 144 145, "
    "GW 11 12 -16 -15, GY 6 8 -59 -58, HK 22 36 113 140, HN 13 17 -90 -85, HR 42 47 13 19, HT 18 19 -73 -72, "
    "HU 46 49 16 23, ID -9 6 96 141, IE 51 56 -11 -6, IL 29 34 34 36, IM 54 55 -5 -4, IN 8 34 70 94, "
    "IO -8 -6 71 73, IQ 30 37 41 48, IR 25 39 44 61, IS 63 67 -24 -14, IT 36 47 7 19, JE 49 50 -3 -2, "
    "JM 17 19 -78 -76, JO 29 33 35 37, JP 26 44 127 143, KE -5 4 34 42, KG 40 43 72 75, KH 10 14 102 107, "
    "KI 1 2 172 174, KM -13 -11 43 45, KN 17 18 -63 -62, KP 39 41 125 128, KR 33 39 126 130, KW 29 30 47 49, "
    "KY 19 20 -82 -81, KZ 41 55 51 83, LA 17 20 102 104, LB 33 35 35 37, LC 14 15 -61 -61, LI 47 48 9 10, "
    "LK 6 9 79 82, LR 6 7 -11 -10, LS -30 -28 27 29, LT 54 57 21 27, LU 49 50 5 7, LV 55 58 21 28, "
    "LY 26 33 12 22, MA 29 36 -11 -2, MC 43 44 7 8, MD 45 49 27 30, ME 42 43 18 20, MF 18 19 -64 -63, "
    "MG -25 -14 43 51, MH 7 11 169 172, MK 41 43 20 23, ML 12 14 -8 -6, MM 10 26 94 100, MN 46 50 103 107, "
    "MO 22 23 113 114, MP 15 16 145 146, MQ 14 15 -62 -60, MR 18 23 -16 -8, MS 16 17 -63 -62, MT 35 36 14 15, "
    "MU -21 -19 57 64, MV 4 5 73 74, MW -16 -13 33 36, MX 15 33 -117 -87, MY 1 7 99 119, MZ -26 -13 32 41, "
    "NA -29 -19 14 18, NC -23 -22 166 167, NE 13 18 2 11, NF -30 -29 168 168, NG 4 14 3 14, NI 11 14 -88 -85, "
    "NL 50 54 3 7, NO 58 71 5 28, NP 26 29 80 88, NR -1 0 166 167, NU -20 -19 -170 -169, NZ -47 -35 168 178, "
    "OM 17 25 52 60, PA 7 10 -83 -78, PE -18 -3 -82 -70, PF -24 -9 -150 -135, PG -10 -2 141 156, "
    "PH 6 19 119 127, PK 24 35 66 75, PL 49 55 14 24, PM 46 47 -57 -56, PN -26 -25 -131 -130, "
    "PR 18 19 -68 -65, PS 31 33 34 36, PT 32 42 -29 -7, PW 7 8 134 135, PY -28 -20 -60 -54, QA 25 26 51 52, "
    "RE -22 -20 55 56, RO 43 48 20 29, RS 42 47 19 23, RU 42 70 21 159, RW -3 -1 29 31, SA 16 32 35 51, "
    "SB -10 -9 159 161, SC -5 -4 55 56, SD 12 22 30 38, SE 55 68 11 24, SG 1 2 103 104, SH -16 -15 -6 -5, "
    "SI 45 47 13 17, SJ 78 79 15 16, SK 48 50 17 22, SL 7 9 -14 -11, SM 43 44 12 13, SN 14 16 -18 -16, "
    "SO 1 12 44 50, SR 5 6 -56 -55, SS 4 5 31 32, ST 0 1 6 7, SV 13 15 -90 -88, SX 18 18 -64 -63, "
    "SY 33 38 35 42, SZ -27 -26 31 32, TC 21 22 -73 -71, TD 10 13 15 17, TF -50 -49 70 71, TG 6 11 0 2, "
    "TH 6 20 98 105, TJ 38 41 68 70, TK -10 -8 -173 -171, TL -10 -8 124 126, TM 37 39 58 62, TN 32 38 7 12, "
    "TO -22 -21 -176 -174, TR 36 42 26 44, TT 10 12 -62 -60, TV -9 -8 179 180, TW 22 26 118 122, "
    "TZ -11 -1 31 41, UA 45 52 22 39, UG -2 4 29 34, US 20 67 -163 -68, UY -35 -30 -59 -53, UZ 39 42 64 73, "
    "VA 41 42 12 13, VC 13 14 -62 -61, VE 5 12 -73 -61, VG 18 19 -65 -64, VI 17 19 -65 -64, VN 9 23 103 110, "
    "VU -19 -13 167 170, WF -14 -13 -177 -176, WS -14 -13 -173 -171, YE 12 16 44 50, YT -13 -12 45 46, "
    "ZA -35 -22 18 32, ZM -17 -10 23 33, ZW -21 -17 28 33"
)


def _box(entry: str) -> tuple[Country, tuple[int, int, int, int]]:
    country, south, north, west, east = entry.split()
    return Country(country), (int(south), int(north), int(west), int(east))


BOXES = dict(map(_box, _BOXES.split(", ")))
"""South, north, west and east of each; the west is east of the east where it is across the date line."""


def may_be_in(country: Country, at: Coordinates) -> bool:
    """Whether *at* may be in *country*.

    >>> may_be_in(Country("CA"), Coordinates(43.65, -79.38)), may_be_in(Country("CA"), Coordinates(43.65, 79.38))
    (True, False)
    """
    if country not in BOXES:
        return True
    south, north, west, east = BOXES[country]
    width = (east - west) % 360 + 2 * MARGIN
    return south - MARGIN <= at.latitude <= north + MARGIN and (at.longitude - west + MARGIN) % 360 <= width


def meant(country: Country, at: Coordinates) -> Coordinates | None:
    """What was probably meant by *at*, which is not in *country*: with another sign, or the other way round.

    >>> meant(Country("CA"), Coordinates(43.65, 79.38))
    Coordinates(latitude=43.65, longitude=-79.38)
    """
    return next((each for each in _slips(at) if may_be_in(country, each)), None)


def _slips(at: Coordinates) -> Iterator[Coordinates]:
    latitude, longitude = at.latitude, at.longitude
    yield from (Coordinates(latitude, -longitude), Coordinates(-latitude, longitude))
    yield Coordinates(-latitude, -longitude)
    if abs(longitude) <= 90:
        yield from (Coordinates(longitude, latitude), Coordinates(longitude, -latitude))
