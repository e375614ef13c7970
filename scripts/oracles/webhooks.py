#!/usr/bin/env python3
"""Verifies signatures of webhooks as a receiver does, by the package standardwebhooks.

Standard input is JSON: [{"name", "secret", "headers", "body", "is_valid"}]. Prints how many were as stated. Exits with
77 without the package.
"""

import json
import sys

try:
    from standardwebhooks.webhooks import Webhook, WebhookVerificationError
except ImportError:
    sys.exit(77)

cases = json.load(sys.stdin)
for case in cases:
    try:
        Webhook(case["secret"]).verify(case["body"].encode(), case["headers"])
        is_valid = True
    except (WebhookVerificationError, json.JSONDecodeError):
        is_valid = False
    assert is_valid == case["is_valid"], case
print(len(cases))
