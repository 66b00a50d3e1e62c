"""Names of topics that belong to a run."""

#: What follows a run's name in that of the ledger of a stage.
LEDGER = "-ledger"
