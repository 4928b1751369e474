import { type FormEvent, type ReactElement, useState } from "react";
import type { LaneUpdate, Services } from "steadymix";
import { FormError } from "./Field.tsx";
import { fieldsOf, type PayloadFields, withFields } from "./form.ts";
import { PayloadFieldset } from "./PayloadFieldset.tsx";
import type { Texts } from "./texts.ts";

export interface UpdateFormProps {
  /** The current payload. */
  services: Services;
  texts: Texts;
  /** Resolves with how it is applied in each lane. */
  onUpdate: (services: Services) => Promise<LaneUpdate[]>;
}

export function UpdateForm({ services, texts, onUpdate }: UpdateFormProps): ReactElement {
  // Fields that are not edited follow the current payload, which others may change.
  const [edited, setEdited] = useState<Partial<PayloadFields>>({});
  const fields = { ...fieldsOf(services), ...edited };
  const [error, setError] = useState<unknown>();
  const [updates, setUpdates] = useState<LaneUpdate[]>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setUpdates(undefined);
    setBusy(true);
    try {
      setError(undefined);
      setUpdates(await onUpdate(withFields(services, fields)));
      setEdited({});
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
            omitted="outputChannel"
            error={error}
            texts={texts}
            onChange={(name, value) => setEdited((before) => ({ ...before, [name]: value }))}
          />
        </div>
        <FormError error={error} />
        {updates && (
          <div role="status">
            <dl className="updates" data-testid="updates">
              {updates.map(({ lane, via }) => (
                <div key={lane}>
                  <dt>{lane}</dt>
                  <dd>{texts.updateVia[via]}</dd>
                </div>
              ))}
            </dl>
          </div>
        )}
        <button type="submit" disabled={isBusy}>
          {texts.update}
        </button>
      </form>
    </details>
  );
}
