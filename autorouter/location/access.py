"""How the clients of an autonomous system are attached, where its operator sells one thing only.

Both widen what may be believed of a place: a satellite's clients come out of a gateway that may be a continent away,
a mobile operator's out of a few that serve a whole country. Operators that sell fixed lines from the same system are
left out, however many phones they have. Numbers and names were compared with the list that the embedded database is
made from; where the organisation's name there does not say it, the registered name of the system does and is given.
"""

from autorouter.core.query import Access

SATELLITE = {
    800: "OneWeb",
    6621: "Hughes Network Systems",
    7155: "ViaSat",
    12440: "Hughes Network Systems GmbH",
    14593: "Space Exploration Technologies (SPACEX-STARLINK)",
    15829: "Eutelsat",
    16491: "ViaSat",
    22184: "Iridium Satellite",
    22351: "Intelsat",
    25222: "Inmarsat Solutions",
    28613: "Hughes Telecomunicações do Brasil",
    29286: "Skylogic (Eutelsat)",
    31515: "Inmarsat Global",
    39356: "Avanti Broadband",
    40306: "ViaSat",
    63062: "Hughes Network Systems",
    135409: "Kacific Broadband Satellites",
    265705: "Hughes de Colombia",
}

MOBILE = {
    6167: "Verizon (CELLCO-PART)",
    6614: "T-Mobile USA",
    7438: "Pegaso PCS (Movistar México)",
    9605: "NTT DOCOMO",
    11992: "Liberty Mobile Puerto Rico",
    15897: "Vodafone Telekomünikasyon (Türkiye)",
    16135: "Turkcell",
    17924: "SmarTone Mobile Communications",
    20057: "AT&T (ATT-MOBILITY-LLC)",
    20978: "TT Mobil (Türk Telekom)",
    21928: "T-Mobile USA",
    22394: "Verizon (CELLCO)",
    27925: "Entel PCS",
    35725: "Telekom Romania Mobile",
    36522: "Bell Canada (BELLMOBILITY)",
    36998: "Sudanese Mobile Telephone (Zain)",
    37009: "MTC Mobile Telecommunications (Namibia)",
    37069: "Egyptian Company for Mobile Services",
    45143: "Singtel Mobile",
    45669: "Pakistan Mobile Communication (Mobilink GSM)",
    48065: "Syriatel Mobile",
    51207: "Free Mobile",
    197207: "Mobile Communication Company of Iran",
    206067: "Hutchison 3G UK",
}


def access_of(asn: int | None) -> Access:
    """How clients of *asn* are attached, as far as that follows from it; `FIXED` otherwise."""
    if asn in SATELLITE:
        return Access.SATELLITE
    return Access.MOBILE if asn in MOBILE else Access.FIXED
