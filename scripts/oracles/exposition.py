#!/usr/bin/env python3
"""Reads /metrics as Prometheus's own Python client does, in both formats, and compares the two.

Standard input is JSON: {"prometheus": TEXT, "openmetrics": TEXT}. Needs prometheus_client; exits with 77 without it.
"""

import json
import sys

try:
    from prometheus_client import parser
    from prometheus_client.openmetrics import parser as openmetrics_parser
except ImportError:
    sys.exit(77)

texts = json.load(sys.stdin)
old = list(parser.text_string_to_metric_families(texts["prometheus"]))
new = list(openmetrics_parser.text_string_to_metric_families(texts["openmetrics"]))


def samples(families):
    return {(sample.name, tuple(sorted(sample.labels.items()))) for family in families for sample in family.samples}


assert samples(old) == samples(new), samples(old) ^ samples(new)
# The older parser gives every family under the name of its series, without `_total`.
kinds = [{family.name.removesuffix("_info"): family.type for family in families} for families in (old, new)]
for name, kind in kinds[1].items():
    assert kinds[0][name] == {"info": "gauge"}.get(kind, kind), name
for name in ["tagmeter_requests", "tagmeter_credits_charged", "tagmeter_cache_hits", "tagmeter_cache_misses",
             "tagmeter_connections_opened", "process_cpu_seconds"]:
    assert kinds[0][name] == kinds[1][name] == "counter", name
for families in (old, new):
    for family in families:
        assert family.documentation, family.name
        assert family.type != "counter" or all(sample.name.endswith("_total") for sample in family.samples), family.name
print(len(new))
