/** Who can compete. */
import { clusterOf, type Contender, type SystemName } from '../plan.js';
import { jetStreamKvR1, jetStreamKvR3 } from './jetstream-kv.js';
import { rootOf } from './checkouts.js';
import { quorate } from './quorate.js';
import { redis } from './redis.js';
import type { System } from './system.js';

const systems: Readonly<Record<SystemName, (contender: Contender) => System>> = {
  quorate,
  'quorate-plain': quorate,
  'quorate-light': quorate,
  before: quorateBefore,
  'before-plain': quorateBefore,
  'before-light': quorateBefore,
  'jetstream-kv-r3': () => jetStreamKvR3(),
  'jetstream-kv-r3-light': () => jetStreamKvR3(),
  'jetstream-kv-r3-synced': () => jetStreamKvR3({ syncs: true }),
  'jetstream-kv-r3-synced-light': () => jetStreamKvR3({ syncs: true }),
  'jetstream-kv-r1': jetStreamKvR1,
  redis,
};

/** Another checkout of this project, as it was before a change for instance. */
function quorateBefore(contender: Contender): System {
  return quorate({ ...contender, root: rootOf(contender.system) });
}

export function systemOf(contender: Contender): System {
  return systems[contender.system](contender);
}

/** One line for each cluster that will run. */
export function aboutAll(contenders: readonly Contender[]): string[] {
  const lines = new Map<string, string>();
  for (const contender of contenders) lines.set(clusterOf(contender), systemOf(contender).about);
  return [...lines].map(([name, about]) => `${name}: ${about}`);
}
