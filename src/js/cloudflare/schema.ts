/** Schemas of bodies and query parameters, for `checked`. */
import type { Schema } from "@cfworker/json-schema";
import { GROUP_ID, GROUP_ID_ALLOWED } from "../instanceId.js";
import type { NewViewerToken, ViewerReport } from "./routes.js";
import { TYPES } from "./schemas.js";

declare const ofType: unique symbol;

/** A schema whose values are of this type. */
export type SchemaOf<Type> = Schema & { readonly [ofType]?: Type };

export const broadcastId: SchemaOf<string> = {
  type: "string",
  pattern: GROUP_ID.source,
  description: GROUP_ID_ALLOWED,
};

export const since: SchemaOf<number> = { type: "integer", minimum: 0, maximum: 999_999_999_999_999 };

export const newViewerToken = resolved(TYPES.NewViewerToken) as SchemaOf<NewViewerToken>;
export const viewerReport = resolved(TYPES.ViewerReport) as SchemaOf<ViewerReport>;

/** Replaces each reference by its schema: no type of the routes refers to itself. */
export function resolved(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(resolved);
  if (typeof schema !== "object" || schema === null) return schema;
  const { $ref, ...keywords } = schema as { $ref?: string };
  const named = $ref && resolved(TYPES[$ref.split("/").at(-1) as keyof typeof TYPES]);
  return {
    ...(named as object),
    ...Object.fromEntries(Object.entries(keywords).map(([name, value]) => [name, resolved(value)])),
  };
}
