#!/usr/bin/env bash
# openapi-python-client leaves out the fields of an `allOf` within an `allOf`, without a warning.
#
# Seen with openapi-python-client 0.29.1: a schema composed of a reference and an inline object gets the fields of both,
# also where the reference leads to another composition. Where the same composition stands inline as a part, its fields
# are missing from the model. The exit status is 0, and the only warnings are about formatters that are not installed. The
# client runs: what the server sent for these fields ends up in `additional_properties`, without types. datamodel-code-generator
# 0.64.1 has all fields in both spellings.
#
# A good guess says: the two documents mean the same, `$ref` being nothing but the schema it leads to; a generator that
# follows one composition follows the other, and says so where it cannot. Tools that make a document from types write
# the nested form whenever a struct flattens a struct that flattens another, so its author may never see it.
#
# Exits 0 while this is so, 1 once it changed, 2 when the packages cannot be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    openapi-python-client==0.29.1 datamodel-code-generator==0.64.1 || exit 2
cd "$folder"
PATH=$folder/venv/bin:$PATH

python3 - <<'PYTHON'
import dataclasses
import importlib
import json
import pathlib
import re
import subprocess
import sys

IDENTITY = {"$ref": "#/components/schemas/Identity"}
COUNTS = {"type": "object", "properties": {"views": {"type": "integer"}}, "required": ["views"]}
CAPTION = {"type": "object", "properties": {"caption": {"type": "string"}}, "required": ["caption"]}
COUNTED = {"allOf": [IDENTITY, COUNTS]}
SPELLINGS = {
    "a reference to the composition": [{"$ref": "#/components/schemas/Counted"}, CAPTION],
    "the composition itself": [COUNTED, CAPTION],
}
SEEN = {
    ("openapi-python-client", "a reference to the composition"): ["caption", "id", "views"],
    ("openapi-python-client", "the composition itself"): ["caption"],
    ("datamodel-code-generator", "a reference to the composition"): ["caption", "id", "views"],
    ("datamodel-code-generator", "the composition itself"): ["caption", "id", "views"],
}


def document(parts):
    answer = {"description": "a video", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Video"}}}}
    identity = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "videos", "version": "1"},
        "paths": {"/video": {"get": {"operationId": "video", "responses": {"200": answer}}}},
        "components": {"schemas": {"Identity": identity, "Counted": COUNTED, "Video": {"allOf": parts}}},
    }


def run(*command):
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def openapi_python_client(path, number):
    printed = run("openapi-python-client", "generate", "--path", path, "--output-path", f"out{number}", "--meta", "none")
    assert "Video" not in printed, printed
    source = pathlib.Path(f"out{number}/models/video.py").read_text()
    return sorted(set(re.findall(r"^    (id|views|caption): ", source, re.MULTILINE)))


def datamodel_code_generator(path, number):
    run("datamodel-codegen", "--input", path, "--output", f"models{number}.py", "--input-file-type", "openapi",
        "--output-model-type", "dataclasses.dataclass")
    sys.path.insert(0, ".")
    video = importlib.import_module(f"models{number}").Video
    return sorted(field.name for field in dataclasses.fields(video))


print(run("openapi-python-client", "--version").strip() + ", " + run("datamodel-codegen", "--version").strip())
changed = False
for number, (spelling, parts) in enumerate(SPELLINGS.items()):
    path = f"{number}.json"
    pathlib.Path(path).write_text(json.dumps(document(parts)))
    for tool, generate in (
        ("openapi-python-client", openapi_python_client),
        ("datamodel-code-generator", datamodel_code_generator),
    ):
        read = generate(path, number)
        print(f"{tool:25} {spelling}: {', '.join(read)}")
        if read != SEEN[tool, spelling]:
            print(f"  changed: it was {', '.join(SEEN[tool, spelling])}")
            changed = True
sys.exit(1 if changed else 0)
PYTHON
