"""What the environment says about Kafka and MongoDB: given addresses win over a local stack."""

import sys
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class StackSettings(BaseSettings):
    """Addresses of servers that run already, and where what was fetched is kept."""

    model_config = SettingsConfigDict(frozen=True)

    kafka_bootstrap_servers: str | None = None
    mongodb_uri: str | None = None
    xdg_cache_home: Path | None = None

    @property
    def cache(self) -> Path:
        """The folder for what can be fetched again, of this user."""
        if self.xdg_cache_home is not None:
            return self.xdg_cache_home / "arrears"
        place = "Library/Caches" if sys.platform == "darwin" else ".cache"
        return Path.home() / place / "arrears"
