"""Hours, days and months (UTC) of moments in Unix seconds, by arithmetic alone."""

HOUR = 3600
DAY = 86_400


def hour_of(unix: int) -> int:
    """When the hour of *unix* began."""
    return unix // HOUR * HOUR


def day_of(unix: int) -> int:
    """When the day of *unix* began."""
    return unix // DAY * DAY


def month_of(unix: int) -> tuple[int, int]:
    """Year and month of *unix* in the Gregorian calendar (Hinnant's days_from_civil, backwards).

    >>> month_of(0), month_of(951_868_799), month_of(951_868_800), month_of(1_795_564_800)
    ((1970, 1), (2000, 2), (2000, 3), (2026, 11))
    """
    days = unix // DAY + 719_468
    era, day = divmod(days, 146_097)
    year = (day - day // 1460 + day // 36_524 - day // 146_096) // 365
    in_year = day - (365 * year + year // 4 - year // 100)
    month = (5 * in_year + 2) // 153
    return year + 400 * era + (month >= 10), month + 3 if month < 10 else month - 9
