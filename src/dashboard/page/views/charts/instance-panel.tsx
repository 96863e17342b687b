/** The instance that is shown: what it knows, and what happened to it last. */
import type { NodeLabel, PlainValue } from '../../../wire.js';
import { instanceTitle } from './instance-list.tsx';
import { seenThere, type Instance, type Step } from './instances.js';
import { eventWords, momentWords, stateWords, valueWords } from './words.js';

export interface InstancePanelProps {
  readonly instance: Instance | undefined;
  readonly step: Step | undefined;
  readonly nodes: readonly NodeLabel[];
}

const listed = 12;

export function InstancePanel({ instance, step, nodes }: InstancePanelProps) {
  if (instance === undefined || step === undefined) {
    return (
      <section class="stack" aria-label="Instance">
        <p class="quiet">No instance of it has been heard of so far.</p>
      </section>
    );
  }
  const steps = instance.steps.since(instance.steps.next - listed).toReversed();
  return (
    <section class="stack" aria-label="Instance">
      <h3>
        {instanceTitle(instance, nodes)}
        {step.isFinal && <span class="quiet small"> has ended</span>}
      </h3>
      <Context value={step.context} />
      <ol class="steps" aria-label="Last events">
        {steps.map((one, index) => (
          <li key={instance.steps.next - index} class={one === step ? 'shown' : undefined}>
            <time class="quiet small">{momentWords(one.atUs)}</time>
            <span class="mono">
              {one.event === seenThere ? 'was there' : eventWords(one.event)}
            </span>
            <span class="small quiet">{stateWords(one.state)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Context({ value }: { readonly value: PlainValue | undefined }) {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  const fields = isMap ? Object.entries(value as Readonly<Record<string, PlainValue>>) : [];
  if (fields.length === 0) return null;
  return (
    <dl class="facts" aria-label="Context">
      {fields.map(([name, field]) => (
        <Field key={name} name={name} value={field} />
      ))}
    </dl>
  );
}

function Field({ name, value }: { readonly name: string; readonly value: PlainValue | undefined }) {
  return (
    <>
      <dt>{name}</dt>
      <dd class="mono">{valueWords(value)}</dd>
    </>
  );
}
