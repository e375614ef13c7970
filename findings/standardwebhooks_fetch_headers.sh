#!/usr/bin/env bash
# The npm library of Standard Webhooks finds no header in a `Headers` object, and says that they are missing.
#
# Seen with standardwebhooks 1.1.1 of npm on Node.js 20, and standardwebhooks 1.1.0 of PyPI: the same signed message is
# verified with the headers as a plain object, and refused with `Missing required headers` when they are the `Headers` that
# every handler written for the Fetch API has (Next.js, Hono, Workers, Deno): the library lists `Object.keys`, and a
# `Headers` has none. The Python library takes any mapping with `items()`, also the message of `http.client`.
#
# A good guess says: `verify(await request.text(), request.headers)` is what the library is for, and a message about
# missing headers means that the sender or a proxy left them out. Receivers then look for the fault in the sender.
#
# Exits 0 while this is so, 1 once it changed, 2 when the packages cannot be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund standardwebhooks@1.1.1 >/dev/null || exit 2
python3 -m venv venv || exit 2
venv/bin/pip install --quiet --disable-pip-version-check standardwebhooks==1.1.0 || exit 2

cat >receive.js <<'JAVASCRIPT'
const { Webhook } = require("standardwebhooks");
const { version } = require("standardwebhooks/package.json");

const webhook = new Webhook("whsec_" + Buffer.alloc(32, 7).toString("base64"));
const body = '{"type":"alert.fired"}';
const now = new Date();
const plain = {
  "webhook-id": "evt_1",
  "webhook-timestamp": String(Math.floor(now / 1000)),
  "webhook-signature": webhook.sign("evt_1", now, body),
};
const verified = (headers) => {
  try {
    return webhook.verify(body, headers).type;
  } catch (error) {
    return error.message;
  }
};
const fetched = new Headers(plain);
console.log(`standardwebhooks ${version} of npm, Node.js ${process.versions.node}`);
const seen = [verified(plain), verified(fetched), verified(Object.fromEntries(fetched))];
console.log(`plain object: ${seen[0]}\nHeaders: ${seen[1]}\nObject.fromEntries(Headers): ${seen[2]}`);
process.exit(seen.join() === "alert.fired,Missing required headers,alert.fired" ? 0 : 1);
JAVASCRIPT

cat >receive.py <<'PYTHON'
import sys
from datetime import datetime, timezone
from http.client import HTTPMessage
from importlib.metadata import version

from standardwebhooks.webhooks import Webhook

webhook = Webhook(bytes([7]) * 32)
body, now = '{"type":"alert.fired"}', datetime.now(timezone.utc)
headers = HTTPMessage()
for name, value in [
    ("Webhook-Id", "evt_1"),
    ("Webhook-Timestamp", str(int(now.timestamp()))),
    ("Webhook-Signature", webhook.sign("evt_1", now, body)),
]:
    headers[name] = value
read = webhook.verify(body, headers)["type"]
print(f"standardwebhooks {version('standardwebhooks')} of PyPI\nHTTPMessage: {read}")
sys.exit(0 if read == "alert.fired" else 1)
PYTHON

status=0
node receive.js || status=1
venv/bin/python receive.py || status=1
exit "$status"
