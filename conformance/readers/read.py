"""Reads YAML with the readers of Python and lists what they read otherwise than meant.

The file has one JSON object a line: `name`, `yaml` (a stream), and `values` (what its documents mean). What is listed
has one JSON object a line as well: `reader`, `name` and `read`; in the end, for each reader, how many streams it `tried`.
"""

import json
import sys

import ruamel.yaml
import yaml


def ruamel_reader(version):
    def read(text):
        reader = ruamel.yaml.YAML(typ="safe", pure=True)
        reader.version = version
        return list(reader.load_all(text))

    return read


def pyyaml_reader(loader):
    return lambda text: list(yaml.load_all(text, Loader=loader))


READERS = {
    "PyYAML": pyyaml_reader(yaml.SafeLoader),
    "PyYAML on libyaml": pyyaml_reader(yaml.CSafeLoader),
    "ruamel.yaml, YAML 1.1": ruamel_reader((1, 1)),
    "ruamel.yaml, YAML 1.2": ruamel_reader((1, 2)),
}


def difference(read, meant, path=""):
    """Where they differ in type or value: `1 == True == 1.0` is true in Python and a bug in a manifest."""
    if type(read) is type(meant) is dict and read.keys() == meant.keys():
        return next(filter(None, (difference(read[key], meant[key], f"{path}.{key}") for key in meant)), None)
    if type(read) is type(meant) is list and len(read) == len(meant):
        return next(filter(None, (difference(*pair, f"{path}[{at}]") for at, pair in enumerate(zip(read, meant)))), None)
    if type(read) is type(meant) and read == meant:
        return None
    return f"{path}: {short(read)}, not {short(meant)}"


def short(value):
    text = f"keys {list(value)}" if isinstance(value, dict) else repr(value)
    return text if len(text) < 200 else text[:200] + "…"


def verdict(reader, case):
    try:
        return difference(reader(case["yaml"]), case["values"])
    except Exception as error:  # whatever a reader throws is its verdict
        return f"{type(error).__name__}: {' '.join(str(error).split())}"


def main(path):
    with open(path, encoding="utf-8", newline="\n") as lines:
        cases = [json.loads(line) for line in lines]
    for name, reader in READERS.items():
        for case in cases:
            if read := verdict(reader, case):
                print(json.dumps({"reader": name, "name": case["name"], "read": read}))
        print(json.dumps({"reader": name, "tried": len(cases)}))


if __name__ == "__main__":
    main(sys.argv[1])
