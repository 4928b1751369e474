/** Schemas that say in JSON Schema what a TypeScript type says. */
import * as T from "typebox";
import type { Known } from "./routes.js";

/** A schema whose values are of this type. */
export type SchemaOf<Type> = T.TUnsafe<Type>;

/** Whether one names a field, or allows something, that the other does not; however they are composed. */
type Differ<One, Other> =
  (<Type>() => Type extends Known<One> ? 1 : 2) extends <Type>() => Type extends Known<Other> ? 1 : 2 ? false : true;

/** Takes a schema that says exactly what the type says; any other does not compile. One with a `title` is referred to by it in OpenAPI. */
export function schemaOf<Type>() {
  return <Schema extends T.TSchema>(
    schema: Schema &
      (Differ<T.Static<Schema>, Type> extends false ? unknown : { differs: [T.Static<Schema>, "and", Type] }),
  ): SchemaOf<Type> => schema as unknown as SchemaOf<Type>;
}

export const nullable = <Schema extends T.TSchema>(schema: Schema, options?: T.TSchemaOptions) =>
  T.Union([schema, T.Null()], options);

export const text = T.String();
export const count = T.Integer({ minimum: 0 });
export const instant = T.Integer({ minimum: 0, description: "ms since the epoch" });
export const durationMs = T.Integer({ minimum: 0, description: "ms" });
export const uid = T.Integer({ minimum: 1, maximum: 0xffff_ffff });
