"""What the roles have in common: settings, and a log for the supervisor or the container."""

import logging

from streams.settings import Settings


def role_settings() -> Settings:
    """Settings of this process, its log going to standard error. Raises `SettingsError`."""
    settings = Settings.from_env()
    logging.basicConfig(
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
    )
    return settings
