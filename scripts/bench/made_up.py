"""A store of made-up data under measurement: imported once, and kept for the next run."""
import shutil
import subprocess
import sys

from measure import last_json, run, say

CREDITS = 1_000_000_000


def fill(store, tagmeter, generators):
    """Imports what generators write, pairs of a program and its arguments, into a folder that appears whole or not at all.
    TAGMETER makes a command over a folder."""
    part = store.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    for program, arguments in generators:
        say(f"importing: {program.name} {arguments}")
        generator = subprocess.Popen([program, *map(str, arguments)], stdout=subprocess.PIPE)
        took = run(tagmeter(part, "import", "-", "--json"), stdin=generator.stdout, stderr=subprocess.DEVNULL)
        generator.stdout.close()
        if generator.wait() != 0:
            sys.exit(f"error: {program} failed")
        say(f"took {took['seconds']:.0f} s, at most {took['peak_mb']:.0f} MB")
    part.rename(store)


def make_keys(store, tagmeter, count):
    """Keys of fresh accounts: those of an earlier run keep their charges, and their keys are not known any more."""
    for leftover in store.glob("accounts.db*"):
        leftover.unlink()
    keys = []
    for number in range(count):
        email = f"caller-{number}@example.com"
        command = tagmeter(store, "account", "create", email, "--credits", CREDITS, "--json")
        made = run(command, stderr=subprocess.DEVNULL)
        keys.append(last_json(made["output"])["api_key"])
    return keys
