/** Who runs the cluster: asks a node to declare another one gone for good. */
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import type { SimCluster } from './sim-cluster.js';
import type { SimNode } from './sim-node.js';

const againUs = 1_500_000;
const triesMax = 40;

/** `answered`: with what the node said, as JSON; not at all when it says nothing. */
export function askToRemove(
  cluster: SimCluster,
  { target, via }: { readonly target: SimNode; readonly via: SimNode },
  answered: (answer: string) => void,
): void {
  const { bus } = cluster.client(`operator${cluster.scheduler.nowUs}`);
  const reply = bus.inbox();
  bus.subscribe(reply, ({ data, noResponders }) => {
    const answer = noResponders ? 'nobody is there' : Buffer.from(data).toString();
    if (answer.includes('"confirmed"')) target.isRemoved = true;
    answered(answer);
  });
  const subject = `_${nodeOptionsDefault.prefix}.${via.lastId}.remove`;
  bus.publish(subject, Buffer.from(target.lastId), { reply });
}

/** Asks one node after the other until it is done, or somebody has thought better of it. */
export function removeInTheEnd(cluster: SimCluster, target: SimNode, isOff: () => boolean): void {
  const attempt = (tries: number): void => {
    if (isOff() || target.isRemoved || tries >= triesMax) return;
    const able = cluster.nodes.filter((node) => node.ready && node !== target);
    const via = able[tries % Math.max(1, able.length)];
    const note = (text: string): void =>
      cluster.trace.add(cluster.scheduler.nowUs, 'operator', `${target.name} ${text}`);
    if (via !== undefined) askToRemove(cluster, { target, via }, note);
    cluster.scheduler.in(againUs, undefined, () => attempt(tries + 1));
  };
  attempt(0);
}
