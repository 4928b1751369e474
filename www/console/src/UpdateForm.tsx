import { type FormEvent, type ReactElement, useState } from "react";
import type { Services } from "steadymix";
import { FormError } from "./Field.tsx";
import { changed, fieldsOf, type PayloadFields } from "./form.ts";
import { PayloadFieldset } from "./PayloadFieldset.tsx";
import type { Texts } from "./texts.ts";

export interface UpdateFormProps {
  /** The payload in force. */
  services: Services;
  texts: Texts;
  onUpdate: (services: Services) => Promise<void>;
}

export function UpdateForm({ services, texts, onUpdate }: UpdateFormProps): ReactElement {
  // All else follows the payload in force, whoever changes it.
  const [edited, setEdited] = useState<Partial<PayloadFields>>({});
  const fields = { ...fieldsOf(services), ...edited };
  const [error, setError] = useState<unknown>();
  const [isTaken, setTaken] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTaken(false);
    setBusy(true);
    try {
      setError(undefined);
      await onUpdate(changed(services, fields));
      setEdited({});
      setTaken(true);
    } catch (error) {
      setError(error);
    }
    setBusy(false);
  };
  return (
    <details>
      <summary>{texts.update}</summary>
      <p className="hint">{texts.updateHint}</p>
      <form onSubmit={submit} noValidate>
        <div className="fields">
          <PayloadFieldset
            fields={fields}
            fixed="outputChannel"
            error={error}
            texts={texts}
            onChange={(name, value) => setEdited((before) => ({ ...before, [name]: value }))}
          />
        </div>
        <FormError error={error} />
        {isTaken && <p role="status">{texts.updated}</p>}
        <button type="submit" disabled={isBusy}>
          {texts.update}
        </button>
      </form>
    </details>
  );
}
