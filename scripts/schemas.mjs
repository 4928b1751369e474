// Generates src/js/cloudflare/schemas.ts, the JSON Schema of the Worker's routes, from their types in routes.ts. With --check it
// writes nothing, and fails if the file is out of date.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createGenerator } from "ts-json-schema-generator";
import { fail, inRoot } from "./lib.mjs";

/** @typedef {{ [keyword: string]: any }} Schema */

const SCHEMAS = inRoot("src", "js", "cloudflare", "schemas.ts");
const COMMAND = "node scripts/schemas.mjs";

const generator = createGenerator({
  path: inRoot("src", "js", "cloudflare", "routes.ts"),
  tsconfig: inRoot("tsconfig.json"),
  // The step `types` checks them, after the build.
  skipTypeCheck: true,
  additionalProperties: true,
  encodeRefs: false,
  extraTags: ["also"],
});
const definitions = /** @type {Record<string, Schema>} */ ({
  ...generator.createSchema("Routes").definitions,
  ...generator.createSchema("ErrorAnswer").definitions,
});
const { Routes, ...named } = definitions;

/** @type {Record<string, Schema>} */
const routes = {};
for (const [route, schema] of Object.entries(/** @type {Record<string, Schema>} */ (Routes?.properties))) {
  routes[route] = { description: schema.description, ...inOpenApi(schema.properties) };
  if (schema.properties.body) close(schema.properties.body);
}
const types = extending(inOpenApi(named));
const file = formatted(`// Generated from the types in routes.ts: ${COMMAND}
/** The JSON Schemas of the routes' bodies and answers. */

/** Each route's description, and its schemas. */
export const ROUTES = ${JSON.stringify(routes)};

/** The types, by their names. */
export const TYPES = ${JSON.stringify(types)};
`);
if (!process.argv.includes("--check")) writeFileSync(SCHEMAS, file);
else if (readFileSync(SCHEMAS, "utf8") !== file) fail(`src/js/cloudflare/schemas.ts is out of date: ${COMMAND}`);

/**
 * Forbids unknown fields at every level, except in types that declare further fields.
 * @param {Schema} schema
 */
function close(schema) {
  const named = schema.$ref && definitions[schema.$ref.split("/").at(-1)];
  if (named) return close(named);
  if (schema.properties && schema.additionalProperties === undefined) schema.additionalProperties = false;
  const { properties = {}, anyOf = [], items } = schema;
  for (const inner of [...Object.values(properties), ...anyOf, ...(items ? [items] : [])]) close(inner);
}

/**
 * Converts named schemas to OpenAPI's.
 * @param {Record<string, Schema>} schemas
 */
function inOpenApi(schemas) {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [plain(name), converted(schema)]));
}

/** A type's name without its arguments: OpenAPI allows no `<`. */
function plain(/** @type {string} */ name) {
  return name.replace(/<.*>$/, "");
}

/**
 * @param {Schema} schema
 * @returns {Schema}
 */
function converted({ $ref, type, properties, items, anyOf, minimum, maximum, also, additionalProperties, ...others }) {
  if ($ref) return { $ref: plain($ref.replace("#/definitions/", "#/components/schemas/")), ...others };
  const limits = { minimum, maximum, also };
  if (also !== undefined && !items) {
    const { description, ...rest } = others;
    return { description, anyOf: [{ const: also }, converted({ type, minimum, maximum, ...rest })] };
  }
  // All numbers of routes are integers.
  const kinds = type && [type].flat().map((kind) => (kind === "number" ? "integer" : kind));
  return shared({
    ...(kinds && { type: Array.isArray(type) ? kinds : kinds[0] }),
    ...others,
    // TSDoc's limits of an array apply to its numbers.
    ...(items ? { items: converted({ ...items, ...limits }) } : { minimum, maximum }),
    ...(properties && { properties: inOpenApi(properties) }),
    ...(anyOf && { anyOf: anyOf.map(converted) }),
    ...(additionalProperties === false && { additionalProperties }),
  });
}

/**
 * Moves the properties that all alternatives share out of `anyOf`.
 * @param {Schema} schema
 * @returns {Schema}
 */
function shared({ anyOf, ...others }) {
  if (!anyOf?.every((/** @type {Schema} */ { properties }) => properties)) return anyOf ? { ...others, anyOf } : others;
  const [first] = /** @type {Schema[]} */ (anyOf);
  const isShared = (/** @type {string} */ name) =>
    anyOf.every(
      (/** @type {Schema} */ { properties, required }) =>
        JSON.stringify(properties[name]) === JSON.stringify(first?.properties[name]) &&
        required.includes(name) === first?.required.includes(name),
    );
  const common = Object.keys(first?.properties).filter(isShared);
  if (common.length === 0) return { ...others, anyOf };
  const without = (/** @type {Schema} */ { properties, required, ...rest }) => ({
    ...rest,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !common.includes(name))),
    required: required.filter((/** @type {string} */ name) => !common.includes(name)),
  });
  return {
    type: "object",
    ...others,
    properties: Object.fromEntries(common.map((name) => [name, first?.properties[name]])),
    required: first?.required.filter((/** @type {string} */ name) => common.includes(name)),
    anyOf: anyOf.map(without),
  };
}

/**
 * A type with the same alternatives as another one, and more properties, refers to that one instead of repeating it.
 * @param {Record<string, Schema>} types
 */
function extending(types) {
  const extended = (/** @type {Schema} */ { anyOf, properties = {} }) =>
    Object.entries(types).find(
      ([, other]) =>
        JSON.stringify(other.anyOf) === JSON.stringify(anyOf) &&
        Object.keys(other.properties ?? {}).length < Object.keys(properties).length &&
        Object.keys(other.properties ?? {}).every((name) => name in properties),
    );
  const refer = (/** @type {Schema} */ schema) => {
    const [name, base] = (schema.anyOf && extended(schema)) ?? [];
    if (!base) return schema;
    const isOwn = (/** @type {string} */ property) => !(property in (base.properties ?? {}));
    const own = Object.entries(schema.properties).filter(([property]) => isOwn(property));
    return {
      description: schema.description,
      allOf: [
        { $ref: `#/components/schemas/${name}` },
        { type: "object", properties: Object.fromEntries(own), required: schema.required.filter(isOwn) },
      ],
    };
  };
  return Object.fromEntries(Object.entries(types).map(([name, schema]) => [name, refer(schema)]));
}

function formatted(/** @type {string} */ source) {
  return execFileSync("npx", ["biome", "format", "--stdin-file-path=schemas.ts"], {
    input: source,
    cwd: inRoot(),
    encoding: "utf8",
  });
}
