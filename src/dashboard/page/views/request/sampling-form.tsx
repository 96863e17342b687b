/** Which requests are traced besides those that ask for it. */
import { useEffect, useState } from 'preact/hooks';
import type { Sampling } from '../../../wire.js';
import type { LiveCluster } from '../../source.js';

export interface SamplingFormProps {
  readonly cluster: LiveCluster;
  readonly say: (text: string) => void;
}

type Choice = readonly [value: number, text: string];

const rates: readonly Choice[] = [
  [0, 'none'],
  [0.001, '1 in 1,000'],
  [0.01, '1 in 100'],
  [0.1, '1 in 10'],
  [1, 'all'],
];
const times: readonly Choice[] = [
  [0, 'never'],
  [5, '5 ms'],
  [20, '20 ms'],
  [100, '100 ms'],
  [500, '500 ms'],
];

export function SamplingForm({ cluster, say }: SamplingFormProps) {
  const [sampling, setSampling] = useState<Sampling>();
  const failed = (error: Error): void => say(error.message);
  useEffect(() => {
    cluster.sampling().then(setSampling, failed);
  }, [cluster]);
  if (sampling === undefined) return null;
  const wish = (change: Partial<Sampling>): void => {
    const wished = { ...sampling, ...change };
    setSampling(wished);
    cluster.sample(wished).then(setSampling, (error: Error) => {
      setSampling(sampling);
      failed(error);
    });
  };
  return (
    <fieldset class="card sampling small">
      <legend>Trace by itself</legend>
      <label>
        of all requests
        <Select value={sampling.rate} choices={rates} choose={(rate) => wish({ rate })} />
      </label>
      <label>
        what took longer than
        <Select value={sampling.slowMs} choices={times} choose={(slowMs) => wish({ slowMs })} />
      </label>
      <label>
        what failed
        <input
          type="checkbox"
          checked={sampling.failed}
          onChange={({ currentTarget }) => wish({ failed: currentTarget.checked })}
        />
      </label>
    </fieldset>
  );
}

/** What is in force may have been wished elsewhere: then it is a choice as well. */
function Select({
  value,
  choices,
  choose,
}: {
  readonly value: number;
  readonly choices: readonly Choice[];
  readonly choose: (value: number) => void;
}) {
  const isKnown = choices.some(([one]) => one === value);
  const all: readonly Choice[] = isKnown ? choices : [...choices, [value, String(value)]];
  return (
    <select value={value} onChange={({ currentTarget }) => choose(Number(currentTarget.value))}>
      {all.map(([one, text]) => (
        <option key={one} value={one}>
          {text}
        </option>
      ))}
    </select>
  );
}
