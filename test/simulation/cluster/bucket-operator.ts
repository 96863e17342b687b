/** Who changes what buckets promise: asks until some node says that it is done, or can't be. */
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import type { Command } from '../core/commands.js';
import type { SimCluster } from './sim-cluster.js';

const againUs = 2_500_000;
const triesMax = 60;

export interface BucketAsked {
  /** `<verb>.<bucket>`, or the verb alone. */
  readonly subject: string;
  readonly said: Readonly<Record<string, unknown>>;
}

/** Throws on what is none. */
export function bucketChangeOf({ text, args, options }: Command): BucketAsked {
  const [verb, name] = args;
  const isNamed = verb !== 'defaults';
  if (verb === undefined || (name !== undefined) !== isNamed)
    throw new Error(`no such change of a bucket: ${text}`);
  const said = Object.entries(options).map(([field, value]) => {
    return [field, /^\d+$/.test(value) ? Number(value) : value] as const;
  });
  return { subject: isNamed ? `${verb}.${name}` : verb, said: Object.fromEntries(said) };
}

/** What stands in its way now may not later: a move that is under way. */
export function changeBucketInTheEnd(
  cluster: SimCluster,
  { subject, said }: BucketAsked,
  isOff: () => boolean,
  done: () => void = () => undefined,
): void {
  let isDone = false;
  const { bus } = cluster.client(`operator${cluster.nextOperator()}`);
  const attempt = (tries: number): void => {
    if (isOff() || isDone || tries >= triesMax) return;
    const reply = bus.inbox();
    bus.subscribe(reply, (message) => {
      const code = message.noResponders ? '503' : message.header('Nats-Service-Error-Code');
      const text = message.header('Nats-Service-Error') ?? Buffer.from(message.data).toString();
      const what = `bucket ${subject}: ${code ?? ''} ${text.slice(0, 200)}`;
      cluster.trace.add(cluster.scheduler.nowUs, 'operator', what);
      if (isDone || (code !== undefined && !isSo(text))) return;
      isDone = true;
      done();
    });
    const payload = Buffer.from(JSON.stringify(said));
    bus.publish(`${nodeOptionsDefault.prefix}.bucket.${subject}`, payload, { reply });
    cluster.scheduler.in(againUs, undefined, () => attempt(tries + 1));
  };
  attempt(0);
}

/** It is so already: asked before, or by another. */
function isSo(text: string): boolean {
  return /nothing would change|there is a bucket .* already|is being removed already/.test(text);
}
