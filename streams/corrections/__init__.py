"""Makes late events right whose state is gone: the way back from ClickHouse into the pipeline.

Two kinds of requests come from the stages, each on its own topic:

- `history`: an event of a customer whom the journeys stage has forgotten. The customer's stored
  events and measurements go back into the events topic, and the stage folds them again.
- `recompute`: a minute that the windows stage no longer holds. The pane is recomputed from the
  stored measurements.

Both read what the sink writes, so each waits until the sink has stored all that came before the
request.
"""

from streams.corrections.service import Corrections

__all__ = ["Corrections"]
