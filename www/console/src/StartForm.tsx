import { type FormEvent, type ReactElement, useState } from "react";
import type { NewBroadcast } from "steadymix/cloudflare/routes";
import { Field, FormError } from "./Field.tsx";
import { broadcastOf, DEFAULTS, type StartFields } from "./form.ts";
import { PayloadFieldset } from "./PayloadFieldset.tsx";
import type { Texts } from "./texts.ts";

export interface StartFormProps {
  texts: Texts;
  onStart: (broadcast: NewBroadcast) => Promise<void>;
}

export function StartForm({ texts, onStart }: StartFormProps): ReactElement {
  const [fields, setFields] = useState<StartFields>(DEFAULTS);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const change = (name: keyof StartFields, value: string) => setFields((before) => ({ ...before, [name]: value }));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      setError(undefined);
      await onStart(broadcastOf(fields));
    } catch (error) {
      setError(error);
      setBusy(false);
    }
  };
  const field = (name: keyof StartFields, options?: Record<string, string>) => (
    <Field name={name} value={fields[name]} options={options} error={error} texts={texts} onChange={change} />
  );
  return (
    <section>
      <h2>{texts.startNew}</h2>
      <form onSubmit={submit} noValidate>
        <div className="fields">
          {field("id")}
          {field("primaryUids")}
          {field("backupUids")}
          <PayloadFieldset fields={fields} error={error} texts={texts} onChange={change} />
          {field("restart", texts.restarts)}
          {field("onAirPolicy", texts.onAirPolicies)}
        </div>
        <FormError error={error} />
        <button type="submit" className="primary" disabled={isBusy}>
          {texts.start}
        </button>
      </form>
    </section>
  );
}
