/** The tables of the guides list every event, reason and option that the types have, and no other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { read } from "./markdown.ts";

const SOURCES = [
  "contract.ts",
  "types.ts",
  "viewer/types.ts",
  "viewer/tables.ts",
  "viewer/durations.ts",
  "viewer/viewer.ts",
];
const source = SOURCES.map((file) => read(`src/js/${file}`))
  .join("\n")
  .replaceAll(/\/\*\*[\s\S]*?\*\//g, "");

/** The source of a type, or of a constant array, up to the next one. */
function sourceOf(name: string): string {
  const [, found] =
    new RegExp(
      `^export (?:type|interface|const) ${name}\\b([\\s\\S]*?)(?=^(?:export|const|type|interface) |(?![\\s\\S]))`,
      "m",
    ).exec(source) ?? [];
  assert.ok(found, `${name} is not in ${SOURCES.join(", ")}`);
  return found;
}

/** The discriminators of a union of objects, or the strings of a union. */
function namesOf(type: string): string[] {
  const text = sourceOf(type);
  const tags = [...text.matchAll(/\btype: "(\w+)"/g)];
  return (tags.length > 0 ? tags : [...text.matchAll(/"(\w+)"/g)]).map(([, name]) => name ?? "");
}

/** The fields of an interface, without those of nested objects. */
const fieldsOf = (type: string) => [...sourceOf(type).matchAll(/^ {2}(\w+)\??[:(]/gm)].map(([, name]) => name ?? "");

/** The names in the first column of the tables below headings and their subheadings; with `isFirst`, of the first table only. */
function listed(page: string, ids: string[], isFirst: boolean): string[] {
  const names: string[] = [];
  let depth = 0;
  for (const line of read(page).split("\n")) {
    const [, marks, id = ""] = /^(#+) .*?(?:\{#([\w-]+)\})?$/.exec(line) ?? [];
    if (marks && ids.includes(id)) depth = marks.length;
    else if (marks && marks.length <= depth) depth = 0;
    const [, cell = ""] = /^\| (`.*?) \|/.exec(line) ?? [];
    if (isFirst && names.length > 0 && line === "") return names;
    if (depth > 0) names.push(...[...cell.matchAll(/`(\w+)/g)].map(([, name]) => name ?? ""));
  }
  return names;
}

const ROWS: { page: string; ids: string[]; names: string[]; isFirst?: boolean }[] = [
  ...[
    { ids: ["launching", "faults", "changes", "end"], types: ["CoreEventDetails", "PermitEventDetails"] },
    { ids: ["calls"], types: ["Call"] },
    { ids: ["launch-reasons"], types: ["LaunchReason"] },
    { ids: ["retry-reasons"], types: ["RetryReason"] },
    { ids: ["suspect-reasons"], types: ["SuspectReason"] },
    { ids: ["end-reasons"], types: ["EndReason"] },
    { ids: ["learned-by"], types: ["LearnedBy"] },
    { ids: ["orphaned-reasons"], types: ["OrphanedReason"] },
    { ids: ["fail-reasons"], types: ["FailReason"] },
    { ids: ["viewer-reasons"], types: ["REASONS"] },
  ].map(({ ids, types }) => ({ page: "events", ids, names: types.flatMap(namesOf) })),
  { page: "settings", ids: ["policy"], names: fieldsOf("RetrySchedules") },
  { page: "settings", ids: ["quota"], names: fieldsOf("Quota"), isFirst: true },
  { page: "settings", ids: ["env"], names: fieldsOf("SupervisorEnv") },
  {
    page: "settings",
    ids: ["common", "supervisor", "group"],
    names: [...fieldsOf("CommonOptions"), ...fieldsOf("SupervisorOptions"), ...fieldsOf("GroupOptions")],
  },
  { page: "viewer", ids: ["events"], names: namesOf("ViewerEvent"), isFirst: true },
  { page: "viewer", ids: ["signals"], names: namesOf("Signal") },
  {
    page: "viewer",
    ids: ["options"],
    names: ["ViewerOptions", "FailoverOptions", "FailoverDurations"].flatMap(fieldsOf),
    isFirst: true,
  },
];

for (const { page, ids, names, isFirst = false } of ROWS) {
  test(`${page}: ${ids.join(", ")}`, () => {
    assert.ok(names.length > 1, names.join());
    assert.deepEqual(
      [...new Set(listed(`www/docs/guide/${page}.md`, ids, isFirst))].sort(),
      [...new Set(names)].sort(),
    );
  });
}
