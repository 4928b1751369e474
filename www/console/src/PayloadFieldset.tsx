import type { ReactElement } from "react";
import { Field } from "./Field.tsx";
import { DEFAULT_PAYLOAD, type PayloadFields, SIZES } from "./form.ts";
import type { Texts } from "./texts.ts";

export interface PayloadFieldsetProps {
  fields: PayloadFields;
  /** A field that cannot be changed: it is not shown. */
  omitted?: keyof PayloadFields;
  error: unknown;
  texts: Texts;
  onChange: (name: keyof PayloadFields, value: string) => void;
}

/** The fields of a payload: inputs, layout and output. */
export function PayloadFieldset(props: PayloadFieldsetProps): ReactElement {
  const { fields, omitted, error, texts, onChange } = props;
  // Payloads from elsewhere may have another size.
  const sizes = Object.fromEntries([...SIZES, fields.size].map((size) => [size, size]));
  const names = (Object.keys(DEFAULT_PAYLOAD) as (keyof PayloadFields)[]).filter((name) => name !== omitted);
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
