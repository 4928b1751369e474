import type { ReactElement } from "react";
import { Field } from "./Field.tsx";
import { PAYLOAD, type PayloadFields, SIZES } from "./form.ts";
import type { Texts } from "./texts.ts";

export interface PayloadFieldsetProps {
  fields: PayloadFields;
  error: unknown;
  texts: Texts;
  onChange: (name: keyof PayloadFields, value: string) => void;
}

const SIZE_OPTIONS = Object.fromEntries(SIZES.map((size) => [size, size]));

/** What is mixed, and how. */
export function PayloadFieldset({ fields, error, texts, onChange }: PayloadFieldsetProps): ReactElement {
  return (
    <>
      {(Object.keys(PAYLOAD) as (keyof PayloadFields)[]).map((name) => (
        <Field
          key={name}
          name={name}
          value={fields[name]}
          options={name === "size" ? SIZE_OPTIONS : undefined}
          error={error}
          texts={texts}
          onChange={onChange}
        />
      ))}
    </>
  );
}
