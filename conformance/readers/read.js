// Reads YAML with the readers of Node and lists what they read otherwise than meant; read.py says what stands in the file
// and in the list.

const { readFileSync } = require("node:fs");
const { isDeepStrictEqual } = require("node:util");
const jsYaml = require("js-yaml");
const yaml = require("yaml");

const READERS = {
  "js-yaml": (text) => jsYaml.loadAll(text),
  "yaml, YAML 1.2": (text) => all(text, "1.2"),
  "yaml, YAML 1.1": (text) => all(text, "1.1"),
};

// It collects its errors and warnings, and goes on.
function all(text, version) {
  return yaml.parseAllDocuments(text, { version, strict: true }).map((document) => {
    for (const found of [...document.errors, ...document.warnings]) throw found;
    return document.toJS();
  });
}

// Where they differ in type or value.
function difference(read, meant, path = "") {
  const [keys, own] = [read, meant].map((value) => (value && typeof value === "object" ? Object.keys(value).sort() : null));
  if (keys && own && Array.isArray(read) === Array.isArray(meant) && isDeepStrictEqual(keys, own)) {
    for (const key of own) {
      const found = difference(read[key], meant[key], `${path}.${key}`);
      if (found) return found;
    }
    return null;
  }
  return isDeepStrictEqual(read, meant) ? null : `${path}: ${short(read)}, not ${short(meant)}`;
}

// A date has no keys, and is no text.
const short = (value) => `${Object.prototype.toString.call(value)} ${JSON.stringify(value)}`.slice(0, 200);

// What a reader throws is its verdict.
function verdict(reader, { yaml: text, values }) {
  try {
    return difference(reader(text), values);
  } catch (error) {
    return String(error.message);
  }
}

const cases = readFileSync(process.argv[2], "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line));
for (const [reader, of] of Object.entries(READERS)) {
  for (const one of cases) {
    const read = verdict(of, one);
    if (read) console.log(JSON.stringify({ reader, name: one.name, read }));
  }
  console.log(JSON.stringify({ reader, tried: cases.length }));
}
