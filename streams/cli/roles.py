"""What the roles have in common: settings, and a log for the supervisor or the container."""

import logging
from dataclasses import replace

from streams.settings import Settings


def role_settings(*, with_secret: bool = False) -> Settings:
    """Settings of this process, its log going to standard error. Raises `SettingsError`.

    `with_secret`: for a role that cannot work without the secret of customer keys.
    """
    settings = Settings.from_env()
    if with_secret:
        settings.customer_secret()
    logging.basicConfig(
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
    )
    return settings


def with_kept_secret(settings: Settings) -> Settings:
    """The settings with the secret that `salespulse up` keeps in its data folder, where none is set."""
    kept = settings.data_dir / "secret"
    if settings.secret or not kept.exists():
        return settings
    return replace(settings, secret=kept.read_text("utf-8").strip())
