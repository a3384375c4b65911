"""Reads every document of a corpus with the YAML readers of Python and lists those that read it otherwise than meant.

A corpus has one JSON object a line: `yaml` is the document, `value` what it must mean.
"""

import json
import math
import sys

import ruamel.yaml
import yaml


def ruamel_reader(version):
    reader = ruamel.yaml.YAML(typ="safe", pure=True)
    reader.version = version
    return reader.load


def pyyaml_reader(loader):
    return lambda text: yaml.load(text, Loader=loader)


READERS = {
    "PyYAML": pyyaml_reader(yaml.SafeLoader),
    "PyYAML on libyaml": pyyaml_reader(yaml.CSafeLoader),
    "ruamel.yaml, YAML 1.1": ruamel_reader((1, 1)),
    "ruamel.yaml, YAML 1.2": ruamel_reader((1, 2)),
}


def same(read, meant):
    """Equal in type as well as in value: `1 == True == 1.0` is true in Python and a bug in a manifest."""
    if type(read) is not type(meant):
        return False
    if isinstance(meant, dict):
        return read.keys() == meant.keys() and all(same(read[key], meant[key]) for key in meant)
    if isinstance(meant, list):
        return len(read) == len(meant) and all(map(same, read, meant))
    if isinstance(meant, float) and math.isnan(meant):
        return math.isnan(read)
    return read == meant


def outcome(reader, text):
    try:
        return reader(text)
    except Exception as error:  # whatever a reader throws is its verdict
        return f"<{type(error).__name__}: {' '.join(str(error).split())}>"


def main(path):
    with open(path, encoding="utf-8", newline="\n") as lines:
        corpus = [json.loads(line) for line in lines]
    failures = 0
    for name, reader in READERS.items():
        wrong = [
            (case, read) for case in corpus if not same(read := outcome(reader, case["yaml"]), case["value"])
        ]
        for case, read in wrong:
            print(json.dumps({"reader": name, **case, "read": repr(read)}))
        print(f"{name}: {len(corpus)} documents, {len(wrong)} read otherwise")
        failures += len(wrong)
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
