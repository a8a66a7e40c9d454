"""What statuses and headers of answers mean to a client. Pure but for HTTP's dates, which are wall clock."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FAILURES = {408: 0.0, 409: 0.0, 429: 1.0, 500: 1.0, 502: 2.0, 503: 2.0, 504: 2.0}
"""Statuses worth another region, and seconds that this one is passed over for the model unless it says how long.
Any other answer is final."""

LONGEST_COOL = 60.0
"""Seconds; by then the router has answered anew."""


def pause(headers: Mapping[str, str], otherwise: float) -> float:
    """Seconds to wait, as an answer says; OpenAI's milliseconds count before HTTP's seconds or date.

    >>> pause({"retry-after-ms": "250", "retry-after": "9"}, 5.0), pause({"retry-after": "9"}, 5.0), pause({}, 5.0)
    (0.25, 9.0, 5.0)
    """
    exact, rough = headers.get("retry-after-ms", ""), headers.get("retry-after", "")
    wait = otherwise
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", exact):
        wait = float(exact) / 1000
    elif re.fullmatch(r"\d{1,9}", rough):
        wait = float(rough)
    elif rough:
        wait = _until(rough, otherwise)
    return min(max(wait, 0.0), LONGEST_COOL)


def _until(date: str, otherwise: float) -> float:
    try:
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()  # noqa: TID251 - the header is one
    except (TypeError, ValueError):
        return otherwise
