import type { ReactElement } from "react";
import { ApiError } from "./api.ts";
import { type FieldName, fieldOf } from "./form.ts";
import type { Texts } from "./texts.ts";

export interface FieldProps<Name extends FieldName> {
  name: Name;
  value: string;
  /** The labels of the values to choose from. Without it the field is free text. */
  options?: Record<string, string> | undefined;
  error: unknown;
  texts: Texts;
  onChange: (name: Name, value: string) => void;
}

/** A field of a form, with the Worker's error about it. */
export function Field<Name extends FieldName>(props: FieldProps<Name>): ReactElement {
  const { name, value, options, error, texts, onChange } = props;
  const refused = error instanceof ApiError && fieldOf(error.field) === name ? error : undefined;
  const hint = texts.fieldHints[name];
  const described = [hint && `${name}-hint`, refused && `${name}-error`].filter(Boolean).join(" ");
  const common = {
    id: name,
    value,
    "aria-invalid": refused !== undefined,
    ...(described ? { "aria-describedby": described } : {}),
  };
  return (
    <div className="field">
      <label htmlFor={name}>{texts.fields[name]}</label>
      {options ? (
        <select {...common} onChange={({ target }) => onChange(name, target.value)}>
          {Object.entries(options).map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...common}
          autoComplete="off"
          spellCheck={false}
          onChange={({ target }) => onChange(name, target.value)}
        />
      )}
      {hint && <small id={`${name}-hint`}>{hint}</small>}
      {refused && (
        <p className="error" id={`${name}-error`} role="alert">
          {refused.allowed ? texts.mustBe(refused.allowed) : refused.message}
        </p>
      )}
    </div>
  );
}

/** An error that is about none of the fields. */
export function FormError({ error }: { error: unknown }): ReactElement | null {
  if (error === undefined || (error instanceof ApiError && fieldOf(error.field) !== undefined)) return null;
  return (
    <p className="error" role="alert">
      {error instanceof Error ? error.message : String(error)}
    </p>
  );
}
