/** Asks the cluster for something, under the glass. */
import { useState } from 'preact/hooks';
import { dashboardLimits } from '../../../../../actors/rules/limits/dashboard.js';
import type { KeyAnswer, KeyRequest } from '../../../wire.js';
import type { LiveCluster } from '../../source.js';

type Verb = 'put' | 'get' | 'delete';

export interface AskFormProps {
  readonly cluster: LiveCluster;
  /** The id of its trace, once it is answered. */
  readonly asked: (trace: string) => void;
  readonly say: (text: string) => void;
}

export function AskForm({ cluster, asked, say }: AskFormProps) {
  const [verb, setVerb] = useState<Verb>('put');
  const [answer, setAnswer] = useState<KeyAnswer>();
  const [isWaiting, setWaiting] = useState(false);
  const ask = async (form: HTMLFormElement): Promise<void> => {
    if (isWaiting) return;
    setWaiting(true);
    try {
      const said = await cluster[verb](requestIn(form, verb));
      setAnswer(said);
      if (said.trace === undefined) say('The nodes noted nothing of it.');
      else asked(said.trace);
    } catch (error) {
      say(error instanceof Error ? error.message : 'It could not be asked.');
    } finally {
      setWaiting(false);
    }
  };
  return (
    <form
      class="card stack ask"
      onSubmit={(event) => {
        event.preventDefault();
        void ask(event.currentTarget);
      }}
    >
      <h3>Ask under the glass</h3>
      <div class="row" role="group" aria-label="What">
        {(['put', 'get', 'delete'] as const).map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={one === verb ? 'true' : 'false'}
            onClick={() => setVerb(one)}
          >
            {one}
          </button>
        ))}
      </div>
      <label>
        Bucket
        <input name="bucket" required defaultValue="greetings" autocomplete="off" />
      </label>
      <label>
        Key
        <input name="key" required defaultValue="hello" autocomplete="off" />
      </label>
      {verb === 'put' && (
        <label>
          Value
          <input name="value" defaultValue="world" autocomplete="off" />
        </label>
      )}
      <label>
        {verb === 'get' ? 'R' : 'W'}
        <input name="quorum" inputMode="numeric" pattern="[0-9]*" placeholder="of the bucket" />
      </label>
      <label class="row small">
        <input type="checkbox" name="strict" /> primaries alone count (strict)
      </label>
      <button type="submit" class="primary" aria-disabled={isWaiting}>
        {isWaiting ? 'Waiting…' : `${verb} and look`}
      </button>
      {answer !== undefined && <Answer {...answer} />}
    </form>
  );
}

function Answer({ outcome, text, receipt, values = [] }: KeyAnswer) {
  return (
    <div class="small answer" role="status">
      <strong>{outcome}</strong> {text} {receipt}
      {values.map((value, index) => (
        <pre key={index}>{value.slice(0, dashboardLimits.valueCharsShownMax)}</pre>
      ))}
    </div>
  );
}

function requestIn(form: HTMLFormElement, verb: Verb): KeyRequest {
  const fields = new FormData(form);
  const textOf = (name: string): string => {
    const field = fields.get(name);
    return typeof field === 'string' ? field : '';
  };
  const quorum = Number(textOf('quorum'));
  return {
    bucket: textOf('bucket'),
    key: textOf('key'),
    trace: true,
    ...(verb === 'put' && { value: textOf('value') }),
    ...(quorum > 0 && (verb === 'get' ? { r: quorum } : { w: quorum })),
    ...(fields.has('strict') && { strict: true }),
  };
}
