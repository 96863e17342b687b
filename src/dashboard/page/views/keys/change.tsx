/**
 * Read, put, delete, resolve. What was read is kept with its context, so that what is put next
 * replaces exactly that.
 */
import { useState } from 'preact/hooks';
import { dashboardLimits } from '../../../../../actors/rules/limits/dashboard.js';
import type { KeyAnswer, KeyRequest } from '../../../wire.js';
import { hashOf } from '../../route.js';
import type { LiveCluster } from '../../source.js';
import { differingParts } from './differing-parts.js';
import { isWhole, mergedText } from './resolving.js';

export interface ChangeProps {
  readonly cluster: LiveCluster;
  readonly bucket: string;
  readonly name: string;
  readonly onChanged: () => void;
}

/** How the answers came about. */
type Deed = 'get' | 'put' | 'delete';

interface Answered {
  readonly deed: Deed;
  readonly answer: KeyAnswer;
}

interface Changing {
  readonly value: string;
  readonly setValue: (value: string) => void;
  /** With the context that what is put next replaces; undefined: nothing was read. */
  readonly read: KeyAnswer | undefined;
  readonly forget: () => void;
  readonly answered: Answered | undefined;
  readonly failure: string | undefined;
  readonly isBusy: boolean;
  readonly ask: (deed: Deed, more?: Partial<KeyRequest>) => void;
}

function useChange({ cluster, bucket, name, onChanged }: ChangeProps): Changing {
  const [value, setValue] = useState('');
  const [read, setRead] = useState<KeyAnswer>();
  const [answered, setAnswered] = useState<Answered>();
  const [failure, setFailure] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const take = (deed: Deed, answer: KeyAnswer): void => {
    setAnswered({ deed, answer });
    if (answer.outcome === 'done') {
      // What was read is of before what was put.
      setRead(deed === 'get' ? answer : undefined);
      if (deed === 'get') setValue(mergedText(answer.values ?? []));
    }
    onChanged();
  };
  const ask = (deed: Deed, more: Partial<KeyRequest> = {}): void => {
    if (isBusy) return;
    setBusy(true);
    setFailure(undefined);
    cluster[deed]({ bucket, key: name, ...more })
      .then(
        (answer) => take(deed, answer),
        (error: Error) => setFailure(error.message),
      )
      .finally(() => setBusy(false));
  };
  const forget = (): void => setRead(undefined);
  return { value, setValue, read, forget, answered, failure, isBusy, ask };
}

export function Change(props: ChangeProps) {
  const { value, setValue, read, forget, answered, failure, isBusy, ask } = useChange(props);
  const [isTraced, setTraced] = useState(false);
  const traced = isTraced ? { trace: true } : {};
  const told = read?.context === undefined ? traced : { ...traced, context: read.context };
  return (
    <section class="card stack change" aria-labelledby="change">
      <h4 id="change">Read and change</h4>
      <div class="row">
        <button type="button" aria-disabled={isBusy} onClick={() => ask('get', traced)}>
          Read
        </button>
        <label class="row">
          <input
            type="checkbox"
            checked={isTraced}
            onChange={({ currentTarget }) => setTraced(currentTarget.checked)}
          />
          under the glass
        </label>
      </div>
      {read !== undefined && (
        <Values
          values={read.values ?? []}
          onKeep={(kept) => ask('put', { value: kept, ...told })}
          isBusy={isBusy}
        />
      )}
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          ask('put', { value, ...told });
        }}
      >
        <label class="stack">
          {(read?.values?.length ?? 0) > 1 ? 'Or write what they come to together' : 'Value'}
          <textarea
            rows={2}
            value={value}
            onInput={({ currentTarget }) => setValue(currentTarget.value)}
          />
        </label>
        <p class="quiet small">{contextText(read)}</p>
        <div class="row">
          <button type="submit" class="primary" aria-disabled={isBusy}>
            Put
          </button>
          <DeleteButton isBusy={isBusy} onDelete={() => ask('delete', told)} />
          {read !== undefined && (
            <button type="button" class="plain" onClick={forget}>
              Forget what was read
            </button>
          )}
        </div>
      </form>
      <div role="status">
        {answered !== undefined && <Answer {...answered} />}
        {failure !== undefined && <p class="failure">{failure}</p>}
      </div>
    </section>
  );
}

function Values({
  values,
  onKeep,
  isBusy,
}: {
  readonly values: readonly string[];
  readonly onKeep: (value: string) => void;
  readonly isBusy: boolean;
}) {
  if (values.length === 0) return <p class="quiet">Nothing is there.</p>;
  const { valueCharsShownMax } = dashboardLimits;
  const parts = differingParts(values.map((value) => value.slice(0, valueCharsShownMax)));
  return (
    <ul class="siblings" aria-label="Values that were read">
      {values.map((value, i) => (
        <li key={i} class="card">
          <pre class="value">
            {parts[i]!.map(({ text, differs }, at) =>
              differs ? <mark key={at}>{text}</mark> : <span key={at}>{text}</span>,
            )}
          </pre>
          {values.length > 1 && isWhole(value) && (
            <button type="button" aria-disabled={isBusy} onClick={() => onKeep(value)}>
              Keep this one
            </button>
          )}
          {value.length > valueCharsShownMax && (
            <p class="quiet small">
              The first {valueCharsShownMax.toLocaleString()} of {value.length.toLocaleString()}{' '}
              characters.
            </p>
          )}
          {!isWhole(value) && (
            <p class="quiet small">It is no text: what is shown is not all of it.</p>
          )}
        </li>
      ))}
    </ul>
  );
}

/** Asks once more, in its place. */
function DeleteButton({
  isBusy,
  onDelete,
}: {
  readonly isBusy: boolean;
  readonly onDelete: () => void;
}) {
  const [isAsked, setAsked] = useState(false);
  const press = (): void => {
    if (isAsked) onDelete();
    setAsked(!isAsked);
  };
  return (
    <button type="button" aria-disabled={isBusy} onClick={press} onBlur={() => setAsked(false)}>
      {isAsked ? 'Delete it: sure?' : 'Delete'}
    </button>
  );
}

function contextText(read: KeyAnswer | undefined): string {
  const count = read?.values?.length ?? 0;
  if (read?.context === undefined)
    return 'Without a context: a put replaces what its coordinator knows. Read first to replace exactly what you saw.';
  if (count > 1)
    return `With the context of what was read: a put replaces all ${count} values, and nothing that came since.`;
  return 'With the context of what was read: a put replaces exactly that; what came since stays beside it.';
}

const deedWords: Readonly<Record<Deed, string>> = { get: 'Read', put: 'Put', delete: 'Deleted' };

function Answer({ deed, answer }: Answered) {
  const { outcome, text, ms, receipt, trace } = answer;
  return (
    <>
      <p class={outcome === 'done' ? 'done' : 'failure'}>
        {outcome === 'done' ? deedWords[deed] : outcomeText(outcome, text)} after {ms.toFixed(1)}{' '}
        ms. {trace !== undefined && <a href={hashOf('request', trace)}>See this request</a>}
      </p>
      {receipt !== undefined && <p class="mono small">{receipt}</p>}
    </>
  );
}

function outcomeText(outcome: KeyAnswer['outcome'], text: string): string {
  if (outcome === 'unknown') return `Unknown whether it was done: ${text}`;
  return `Not done: ${text}`;
}
