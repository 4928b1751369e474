import type { ReactElement } from "react";
import { Field } from "./Field.tsx";
import { PAYLOAD, type PayloadFields, SIZES } from "./form.ts";
import type { Texts } from "./texts.ts";

export interface PayloadFieldsetProps {
  fields: PayloadFields;
  /** What cannot be changed. */
  fixed?: keyof PayloadFields;
  error: unknown;
  texts: Texts;
  onChange: (name: keyof PayloadFields, value: string) => void;
}

/** What is mixed, and how. */
export function PayloadFieldset(props: PayloadFieldsetProps): ReactElement {
  const { fields, fixed, error, texts, onChange } = props;
  // A payload that was not made here may have another one.
  const sizes = Object.fromEntries([...SIZES, fields.size].map((size) => [size, size]));
  const names = (Object.keys(PAYLOAD) as (keyof PayloadFields)[]).filter((name) => name !== fixed);
  return (
    <>
      {names.map((name) => (
        <Field
          key={name}
          name={name}
          value={fields[name]}
          options={name === "size" ? sizes : undefined}
          error={error}
          texts={texts}
          onChange={onChange}
        />
      ))}
    </>
  );
}
