"""How a worker ends when it must not go on: at once, loudly, and without acknowledging anything.

A supervisor starts it again; whatever was not acknowledged is read again (law 1).
"""

import logging
import os
import sys
import traceback
from typing import NoReturn

log = logging.getLogger(__name__)

#: Exit code of a worker that ended itself because going on could have made a number wrong.
EXIT_CODE = 70


class EngineFault(Exception):
    """Something that the operator has to settle; the message says what and how."""


def end_process(where: str, fault: BaseException) -> NoReturn:
    """Ends this process with `EXIT_CODE`; `where` names the stage.

    An `EngineFault` is told by its message alone, anything else with its trace. Buffers of
    the producer are left behind on purpose: what they hold was never acknowledged.
    """
    if isinstance(fault, EngineFault):
        told = f"{where} stops: {fault}"
    else:
        trace = "".join(traceback.format_exception(fault))
        told = f"{where} stops on an unexpected error:\n{trace}"
    log.critical(told)
    sys.stderr.write(told + "\n")
    sys.stderr.flush()
    os._exit(EXIT_CODE)
