/** Compares the values that the description of `NewBroadcast` allows with those that the core allows. */
import { Validator } from "@cfworker/json-schema";
import { isSteadymixError, RedundancyGroup } from "steadymix";
import type { NewBroadcast } from "steadymix/cloudflare";
import { expect, test } from "vitest";
import { schemaOf } from "./contract.js";

interface Schema {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  required?: string[];
  properties?: Record<string, Schema>;
  anyOf?: Schema[];
}

const region = { x: 0, y: 0, width: 640, height: 360, zOrder: 2 };
const logo = "https://images.example/logo.png";

const inputs = (rtcUid: number) => [
  { rtc: { rtcChannel: "studio", rtcUid, rtcToken: "token" }, region },
  { streamUrl: "https://media.example/film", volume: 100, repeat: 1, placeholderImageUrl: logo, region },
];

/** An example with every setting and field. */
const EVERYTHING: NewBroadcast = {
  id: "everything",
  services: {
    cloudTranscoder: {
      serviceType: "cloudTranscoderV2",
      config: {
        transcoder: {
          idleTimeout: 86_400,
          streamProcessMode: "mix",
          audioInputs: inputs(0),
          videoInputs: inputs(77),
          canvas: { width: 640, height: 360, color: 0, backgroundImage: logo, fillMode: "FIT" },
          waterMarks: [{ imageUrl: logo, region, fillMode: "FIT" }],
          outputs: [
            {
              rtc: { rtcChannel: "show", rtcUid: 9001, rtcToken: "token" },
              audioOption: { profileType: "AUDIO_PROFILE_DEFAULT" },
              videoOption: { width: 640, height: 360, bitrate: 500, codec: "H264", fps: 15 },
            },
          ],
        },
      },
    },
  },
  lanes: [{ name: "primary", uids: [9001, 9002] }],
  area: "europe",
  region: "eu-central-1",
  domainCooldownMs: 600_000,
  policy: {
    createTimedOutDelaysMs: [3_000],
    createServerErrorDelaysMs: [3_000],
    createNotCompletedDelaysMs: [3_000],
    queryNotFoundDelaysMs: [5_000],
    queryServerErrorDelaysMs: [5_000],
    queryRefusedDelaysMs: [5_000],
    deleteDelaysMs: [5_000],
    noAnswerDelaysMs: [1_000],
    rateLimitedDelaysMs: [1_000],
    confirmDelaysMs: [5_000],
    confirmTimeoutMs: 90_000,
    monitorIntervalMs: 120_000,
    relaunchDelaysMs: [0],
    relaunchResetAfterMs: 600_000,
    migrationGraceMs: 90_000,
    taskIdUnknownGraceMs: 90_000,
    presenceDelaysMs: [10_000],
    presenceAbsences: 3,
    stopTimeoutMs: 300_000,
    requestTimeoutMs: 10_000,
    checkNowIntervalMs: 5_000,
    maxRetryAfterMs: 300_000,
    jitterPercent: 0,
  },
  quota: { callsPerSecond: 8, burst: 2, pcw: 80 },
  restart: "on-failure",
  migration: "relaunch",
  rollout: "relaunch",
  presence: "when-unknown",
  onAirPolicy: "sticky",
  startGraceMs: 5_000,
  seed: 1,
};
EVERYTHING.lanes.push({ name: "backup", uids: [9101, 9102], services: structuredClone(EVERYTHING.services) });

/** Not in the example, because they conflict with its other fields. */
const NOT_SHOWN = /(outputs\[0\]\.streamUrl|videoOption\.mode)$/;
/** Allowed, but not together with the rest of the example. */
const NOT_TOGETHER =
  /(idleTimeout|streamProcessMode|codec|videoOption|area|region|rtcChannel|name|Url|Image|outputs|lanes|uids|puts\[\d\])$/;
/** Allowed elsewhere with the same type: watermarks have smaller regions, and uid 0 is everybody's audio. */
const NOT_HERE = /puts\[\d\]\.(region\.(width|height)|rtc\.rtcUid)$/;

type Path = (string | number)[];
const named = (path: Path) =>
  path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : text === "" ? step : `${text}.${step}`),
    "",
  );

function withValue(path: Path, value: unknown): NewBroadcast {
  if (path.length === 0) return value as NewBroadcast;
  // Unlike `structuredClone`, copies shared regions separately.
  const copy = JSON.parse(JSON.stringify(EVERYTHING)) as NewBroadcast;
  const last = path.at(-1) ?? "";
  const holder = path.slice(0, -1).reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], copy);
  if (value === undefined) delete (holder as Record<string, unknown>)[last];
  else (holder as Record<string, unknown>)[last] = value;
  return copy;
}

/** Invalid values, and values at the ends of ranges. */
function* valuesOf(schema: Schema, value: unknown): Generator<unknown> {
  for (const one of schema.anyOf ?? []) yield* valuesOf(one, value);
  yield* ["nonsense", 1.5, -1, true, [], {}, ...(schema.enum ?? [])];
  for (const end of [schema.minimum, schema.maximum]) if (end !== undefined) yield* [end - 1, end, end + 1];
  for (const length of [schema.minLength, schema.maxLength])
    if (length !== undefined) yield* [length - 1, length, length + 1].map((length) => "x".repeat(Math.max(length, 0)));
  if (schema.pattern !== undefined) yield* ["", "a b", "x".repeat(50), "x".repeat(51)];
  if (schema.properties) yield { ...(value as object), nonsense: 1 };
  if (!Array.isArray(value)) return;
  for (const length of [schema.minItems, schema.maxItems])
    if (length !== undefined)
      yield* [length - 1, length, length + 1].map((length) =>
        Array.from({ length: Math.max(length, 0) }, () => value[0]),
      );
}

/** Each value of the example with its schema and path. */
function* walked(schema: Schema, value: unknown, path: Path = []): Generator<[Path, Schema, unknown]> {
  yield [path, schema, value];
  for (const one of schema.anyOf ?? [schema]) {
    if (Array.isArray(value) && one.items)
      for (const [i, item] of value.entries()) yield* walked(one.items, item, [...path, i]);
    else if (typeof value === "object" && value !== null)
      for (const [name, member] of Object.entries(one.properties ?? {}))
        yield* walked(member, (value as Record<string, unknown>)[name], [...path, name]);
  }
}

/** The path of the value that the core refuses; `undefined`: it refuses none. */
function refusedBy({ id, ...settings }: NewBroadcast): string | undefined {
  try {
    const options = { ...settings, appId: "app", instanceId: id as string };
    new RedundancyGroup(options, { customerId: "customer", customerSecret: "secret" }).dispose();
    return undefined;
  } catch (error) {
    if (!isSteadymixError(error)) throw error;
    return error.field?.replace(/^options\./, "").replace(/^instanceId$/, "id");
  }
}

const schema = schemaOf("NewBroadcast");
const validator = new Validator(schema, "2020-12");
const places = [...walked(schema as Schema, EVERYTHING)];

test("the example has every setting and every field of a payload, and is valid", () => {
  expect(validator.validate(EVERYTHING).errors).toEqual([]);
  expect(refusedBy(EVERYTHING)).toBeUndefined();
  const nameOf = (path: Path) => named(path.map((step) => (typeof step === "number" ? 0 : step)));
  const shown = new Set(places.filter(([, , value]) => value !== undefined).map(([path]) => nameOf(path)));
  const missing = new Set(places.map(([path]) => nameOf(path)).filter((name) => !shown.has(name)));
  expect([...missing].filter((name) => !NOT_SHOWN.test(name))).toEqual([]);
});

test("the core refuses what the schema does not allow, and names the field", () => {
  let count = 0;
  for (const [path, schema, value] of places) {
    const isField = typeof path.at(-1) === "string";
    for (const wrong of new Set([...valuesOf(schema, value), ...(isField ? [undefined] : [])])) {
      const broadcast = withValue(path, wrong);
      if (validator.validate(broadcast).valid) continue;
      const field = refusedBy(broadcast);
      const place = named(path);
      const what = `${place}: ${JSON.stringify(wrong)?.slice(0, 100)} → ${field}`;
      expect(field, what).toBeDefined();
      expect(field?.startsWith(place) || place.startsWith(field ?? "-"), what).toBe(true);
      count += 1;
    }
  }
  expect(count).toBeGreaterThan(500);
});

test("the core allows what the schema allows: the ends of ranges, and each choice", () => {
  let count = 0;
  for (const [path, schema, value] of places) {
    const place = named(path);
    for (const good of new Set(valuesOf(schema, value))) {
      const broadcast = withValue(path, good);
      if (!validator.validate(broadcast).valid || NOT_TOGETHER.test(place) || NOT_HERE.test(place)) continue;
      expect(refusedBy(broadcast), `${place}: ${JSON.stringify(good)?.slice(0, 100)}`).toBeUndefined();
      count += 1;
    }
  }
  expect(count).toBeGreaterThan(100);
});
