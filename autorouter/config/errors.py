"""What is wrong with a configuration file, in words that can be acted on."""


class ConfigError(Exception):
    """One or more faults; printing it prints them, one a line: ``regions.yaml:14: regions[2].latitude: …``."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))
