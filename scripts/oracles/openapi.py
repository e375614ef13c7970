"""The API descriptions, judged by another implementation.

    cargo test -p server --test it validators      # runs it, with python3 or $TAGMETER_PYTHON

Reads {"3.1": DESCRIPTION, "3.0": DESCRIPTION} from standard input. Each must be valid by the schema that the OpenAPI
Initiative publishes for its version, and each example valid by the schema that it is an example of.
Needs openapi-spec-validator.
"""

import json
import sys

from openapi_schema_validator import OAS30Validator, OAS31Validator
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

VERSIONS = {
    "3.1": (OpenAPIV31SpecValidator, OAS31Validator),
    "3.0": (OpenAPIV30SpecValidator, OAS30Validator),
}


def examples(node, place=""):
    """Schemas, with each example of theirs and where it is."""
    if isinstance(node, list):
        for number, item in enumerate(node):
            yield from examples(item, f"{place}/{number}")
    if not isinstance(node, dict):
        return
    schema = node.get("schema")
    if isinstance(schema, dict):
        if "example" in node:
            yield schema, node["example"], place
        for name, example in node.get("examples", {}).items():
            yield schema, example["value"], f"{place}/examples/{name}"
    elif "example" in node and ("type" in node or "allOf" in node):
        yield node, node["example"], place
    for name, value in node.items():
        if name not in ("example", "examples", "default", "enum"):
            yield from examples(value, f"{place}/{name}")


def main():
    failed, judged = 0, set()
    for version, document in json.load(sys.stdin).items():
        validator, schema_validator = VERSIONS[version]
        errors = [f"{'/'.join(map(str, e.path))}: {e.message[:200]}" for e in validator(document).iter_errors()]
        for schema, example, place in [] if errors else examples(document):
            case = json.dumps([version, schema, example])
            if case in judged:
                continue
            judged.add(case)
            # References lead into the document, wherever the schema stood.
            rooted = {**schema, "components": document["components"]}
            errors += [f"{place}: {e.message[:200]}" for e in schema_validator(rooted).iter_errors(example)]
        for error in errors:
            print(f"{version}: {error}")
        failed += len(errors)
    print(f"{len(judged)} examples judged")
    sys.exit(1 if failed else 0)


main()
