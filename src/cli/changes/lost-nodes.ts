/** Who is said to be gone for good, beside who would be lost. */
import type { RecoveryForm } from '../../wire/recovery-form.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { namesOf } from './recovery-text.js';

/** `named`: by names or ids. Throws `CommandError` unless they are the same. */
export function checkLost(named: readonly string[], recovery: RecoveryForm): void {
  const { lost, names } = recovery;
  const isNamed = (id: string): boolean => named.includes(id) || named.includes(names[id] ?? id);
  const isLost = (name: string): boolean => lost.some((id) => id === name || names[id] === name);
  const others = lost.filter((id) => !isNamed(id));
  if (others.length > 0)
    throw new CommandError(
      exitCodes.refused,
      `${namesOf(others, recovery)} would be lost as well, and --lost does not say so`,
    );
  const present = named.filter((name) => !isLost(name));
  if (present.length === 0) return;
  throw new CommandError(
    exitCodes.refused,
    `${present.join(' ')} would not be lost: there, or no member of this cluster`,
  );
}
