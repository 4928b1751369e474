import { type FormEvent, type ReactElement, useState } from "react";
import type { Services } from "steadymix";
import { FormError } from "./Field.tsx";
import { PAYLOAD, type PayloadFields, servicesOf } from "./form.ts";
import { PayloadFieldset } from "./PayloadFieldset.tsx";
import type { Texts } from "./texts.ts";

export interface UpdateFormProps {
  /** The channel of the viewers, which stays. */
  outputChannel: string | undefined;
  texts: Texts;
  onUpdate: (services: Services) => Promise<void>;
}

export function UpdateForm({ outputChannel, texts, onUpdate }: UpdateFormProps): ReactElement {
  const [fields, setFields] = useState<PayloadFields>({
    ...PAYLOAD,
    outputChannel: outputChannel ?? PAYLOAD.outputChannel,
  });
  const [error, setError] = useState<unknown>();
  const [isTaken, setTaken] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTaken(false);
    try {
      setError(undefined);
      await onUpdate(servicesOf(fields));
      setTaken(true);
    } catch (error) {
      setError(error);
    }
  };
  return (
    <details>
      <summary>{texts.update}</summary>
      <p className="hint">{texts.updateHint}</p>
      <form onSubmit={submit} noValidate>
        <div className="fields">
          <PayloadFieldset
            fields={fields}
            error={error}
            texts={texts}
            onChange={(name, value) => setFields((before) => ({ ...before, [name]: value }))}
          />
        </div>
        <FormError error={error} />
        {isTaken && <p role="status">{texts.updated}</p>}
        <button type="submit">{texts.update}</button>
      </form>
    </details>
  );
}
