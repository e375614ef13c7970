#!/usr/bin/env python3
"""An SMTP server that takes mail on this machine and reads it as a mail program does, by Python's own library.

    smtp_sink.py open|starttls|tls [CERTIFICATE KEY]

Prints its port on the first line, and then one line of JSON for each mail. With a certificate it wants the login
user:pa55. It answers 550 to gone@ and 451 to busy@. Needs aiosmtpd; exits with 77 without it.
"""

import asyncio
import email
import email.policy
import hashlib
import json
import re
import ssl
import sys
import warnings

try:
    from aiosmtpd.smtp import SMTP, AuthResult
except ImportError:
    sys.exit(77)


def summary(envelope):
    message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
    parts = list(message.walk())
    for part in parts:
        assert not part.defects, (part.get_content_type(), part.defects)
    html = message.get_body(("html",))
    images = {
        part["content-id"].strip("<>"): part for part in parts if part.get_content_maintype() == "image"
    }
    for cid, image in images.items():
        assert image.get_content_type() == "image/png" and image.get_content_disposition() == "inline", cid
    shown = re.findall(r'src="cid:([^"]+)"', html.get_content())
    return {
        "envelope": [envelope.mail_from, *envelope.rcpt_tos],
        "headers": {name.lower(): str(value) for name, value in message.items() if name.lower() != "content-type"},
        "longest_line": max(map(len, envelope.original_content.split(b"\r\n"))),
        "structure": [part.get_content_type() for part in parts],
        "text": message.get_body(("plain",)).get_content().replace("\r\n", "\n"),
        "html": html.get_content().replace("\r\n", "\n"),
        "shown": [[cid, hashlib.sha256(images[cid].get_content()).hexdigest()] for cid in shown],
        "images": len(images),
        "files": [
            [part.get_filename(), part.get_content_type(), hashlib.sha256(part.get_payload(decode=True)).hexdigest()]
            for part in message.iter_attachments()
        ],
    }


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("busy@"):
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        print(json.dumps(summary(envelope)), flush=True)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, login):
    # Not handled: the server writes the answer.
    return AuthResult(success=(login.login, login.password) == (b"user", b"pa55"), handled=False)


async def main(mode, *files):
    options = {"enable_SMTPUTF8": True}
    context = None
    if files:
        # It does not know that the whole connection is encrypted, and warns of logins in the open.
        warnings.simplefilter("ignore", UserWarning)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*files)
        options.update(authenticator=authenticate, auth_required=True, auth_require_tls=mode == "starttls")
    if mode == "starttls":
        options.update(tls_context=context, require_starttls=True)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Handler(), **options), "127.0.0.1", 0, ssl=context if mode == "tls" else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
