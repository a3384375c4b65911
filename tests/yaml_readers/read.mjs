// Reads every document of a corpus with the YAML readers of Node and lists those that read it otherwise than meant.
//
// A corpus has one JSON object a line: `yaml` is the document, `value` what it must mean.

import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import * as jsYaml from "js-yaml";
import * as jsYaml4 from "js-yaml-4";
import * as yaml from "yaml";

const READERS = {
  "js-yaml": (text) => jsYaml.load(text),
  "js-yaml 4": (text) => jsYaml4.load(text),
  "yaml, YAML 1.2": (text) => yaml.parse(text, { version: "1.2", strict: true }),
  "yaml, YAML 1.1": (text) => yaml.parse(text, { version: "1.1", strict: true }),
};

// What a reader throws is its verdict.
function outcome(reader, text) {
  try {
    return reader(text);
  } catch (error) {
    return `<${error.message}>`;
  }
}

// Reads JSON back into the plain objects of `value`, whatever prototype or order the reader chose.
const plain = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

const corpus = readFileSync(process.argv[2], "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line));

let failures = 0;
for (const [name, reader] of Object.entries(READERS)) {
  let wrong = 0;
  for (const { yaml: text, value } of corpus) {
    const read = outcome(reader, text);
    if (isDeepStrictEqual(plain(read), value)) continue;
    wrong += 1;
    console.log(JSON.stringify({ reader: name, yaml: text, value, read }));
  }
  console.log(`${name}: ${corpus.length} documents, ${wrong} read otherwise`);
  failures += wrong;
}
process.exitCode = Math.min(failures, 1);
