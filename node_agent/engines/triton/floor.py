"""The oldest Triton that may run: older ones have published holes in their HTTP front and shared memory."""

from node_agent.core.errors import ConfigError

FLOOR = (2, 70, 0)
"""Release 26.06. CVE-2025-23310, -23311, -23319, -23320, -23334 and later ones are fixed before it."""

BUNDLED = {"0.7.0": "2.51.0"}
"""nvidia-pytriton's version → the Triton inside it. The binary itself tells only when it already runs."""


def check(version: str, where: str, *, allow_unpatched: bool) -> bool:
    """True if *version* is at or above the floor; below it, False when allowed and `ConfigError` when not.

    >>> check("2.71.0", "triton.example", allow_unpatched=False)
    True
    >>> check("2.51.0", "our own child", allow_unpatched=True)
    False
    """
    if _numbers(version) >= FLOOR:
        return True
    if allow_unpatched:
        return False
    floor = ".".join(map(str, FLOOR))
    raise ConfigError(
        f"Triton {version} ({where}) is older than {floor} (release 26.06) and has published security holes; "
        "use a newer one by --triton URL, or accept the risk with --allow-unpatched-triton"
    )


def _numbers(version: str) -> tuple[int, ...]:
    """An unreadable version counts as older than any.

    >>> _numbers("2.51.0"), _numbers("2.75.0dev"), _numbers("garbage")
    ((2, 51, 0), (2, 75, 0), (0, 0, 0))
    """
    parts = [*version.split("."), "0", "0", "0"][:3]
    digits = ["".join(character for character in part if character.isdigit()) for part in parts]
    return tuple(int(part or 0) for part in digits)
