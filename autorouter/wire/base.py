"""What every wire shape has in common."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
"""A region, node or model: safe as a path segment, a metric label and a log field."""

Count = Annotated[int, Field(ge=0, le=1_000_000)]
"""A number of requests."""

Load = Annotated[float, Field(ge=0, le=1_000_000)]
"""A number of requests averaged over time."""


def printable(text: str) -> str:
    """*text* with a blank for whatever a terminal would obey: it goes into logs, pages and answers as it is."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


Text = Annotated[str, Field(max_length=256), AfterValidator(printable)]
"""Words for people; never parsed."""


class Wire(BaseModel):
    """A frozen value with a tolerant reader: unknown fields are skipped, NaN and infinity refused."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", allow_inf_nan=False, ser_json_inf_nan="null", use_attribute_docstrings=True
    )
