"""What regions.yaml may hold. Each field's description is what an error says was expected."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from autorouter.core.policies import POLICIES

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
A_NAME = "a name of letters, digits, '.', '_' and '-'"
Name = Annotated[str, Field(pattern=NAME, description=A_NAME)]
Latitude = Annotated[float, Field(ge=-90, le=90, description="a number between -90 and 90")]
Longitude = Annotated[float, Field(ge=-180, le=180, description="a number between -180 and 180")]
CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="an ISO 3166 country code, such as CA")]
BaseUrl = Annotated[
    str, Field(max_length=512, description="a base URL without a path, such as https://api.yto-01.example")
]
Cidr = Annotated[str, Field(description="a network in CIDR notation, such as 203.0.113.0/24")]
Flag = Annotated[bool, Field(description="true or false")]


class Shape(BaseModel):
    """Strict to the letter: no unknown keys, no conversions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class NodeShape(Shape):
    """A machine with an agent."""

    id: Name
    agent: BaseUrl
    endpoint: BaseUrl | None = Field(None, description="a base URL of this node alone, or nothing")


class RegionShape(Shape):
    """A place a client can be sent."""

    id: Name
    aliases: list[Name] = Field([], description="a list of names")
    name: str = Field(min_length=1, max_length=128, description="what people call the place, such as Toronto")
    latitude: Latitude
    longitude: Longitude
    country: CountryCode
    tier: Literal["on_prem", "mec", "metro", "cdn", "cloud"] = Field(
        description="one of on_prem, mec, metro, cdn, cloud"
    )
    stage: Literal["active", "draining", "maintenance", "planned"] = Field(
        description="one of active, draining, maintenance, planned"
    )
    endpoint: BaseUrl
    nodes: list[NodeShape] = Field([], max_length=1000, description="a list of nodes")
    slots: int | None = Field(None, ge=1, le=1_000_000, description="a whole number of at least 1")
    models: list[Name] | None = Field(None, min_length=1, description="a list of model names")
    allow_private: Flag = False
    allow_http: Flag = False


class NetworkShape(Shape):
    """A network whose place the operator knows."""

    cidr: Cidr
    latitude: Latitude | None = Field(None, description="a number between -90 and 90, with longitude")
    longitude: Longitude | None = Field(None, description="a number between -180 and 180, with latitude")
    country: CountryCode | None = None
    asn: int | None = Field(None, ge=0, le=4_294_967_295, description="an autonomous system number")
    access: Literal["fixed", "wifi", "mobile", "satellite"] | None = Field(
        None, description="one of fixed, wifi, mobile, satellite"
    )


class DefaultsShape(Shape):
    """What holds where nothing else is said."""

    probe_every_s: float = Field(2.0, ge=0.5, le=60, description="seconds between 0.5 and 60")
    ttl_s: int = Field(60, ge=10, le=300, description="whole seconds between 10 and 300")
    budget_ms: float = Field(300.0, gt=0, le=60_000, description="milliseconds above 0, at most 60000")
    trusted_proxies: list[Cidr] = Field([], description="a list of networks in CIDR notation")


class FileShape(Shape):
    """The whole file."""

    regions: list[RegionShape] = Field(min_length=1, max_length=10_000, description="a list of at least one region")
    networks: list[NetworkShape] = Field([], max_length=100_000, description="a list of networks")
    policy: str = Field("lowest-latency", description=f"one of {', '.join(POLICIES)}")
    defaults: DefaultsShape = Field(DefaultsShape(), description="a mapping")


SHAPE_AT: dict[tuple[str, ...], type[Shape]] = {
    (): FileShape,
    ("regions",): RegionShape,
    ("regions", "nodes"): NodeShape,
    ("networks",): NetworkShape,
    ("defaults",): DefaultsShape,
}
"""Which shape a mapping has, by the keys that lead to it."""
