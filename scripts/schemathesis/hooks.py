"""What scripts/schemathesis.sh changes about requests."""

import itertools
import re

import schemathesis

numbers = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    """Sends each valid Idempotency-Key once, no made-up `cursor`, `fields` and `tz`, and one API key.

    The server refuses a key that another request had, as described. It made the cursors that it takes. Which names
    `fields` takes depends on the format, and `tz` takes those of a database. So no description can say what is right; tests of the server try it. The key
    of the command line is in `X-Api-Key`: a made-up one beside it in `Authorization` is another key, and refused.
    """
    if (case.headers or {}).get("Authorization"):
        del case.headers["Authorization"]
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and re.fullmatch("[!-~]{1,240}", key):
        case.headers["Idempotency-Key"] = f"{key}-{next(numbers)}"
    if case.meta is None or case.meta.generation.mode.is_positive:
        for name in ("cursor", "fields", "tz"):
            (case.query or {}).pop(name, None)
