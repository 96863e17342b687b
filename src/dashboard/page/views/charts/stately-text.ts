/**
 * A chart as the code that Stately's editor imports: it takes calls of `createMachine`, and no JSON
 * alone. It is a module that runs as well, without what its actions, guards and delays do.
 */
import type { ChartDefinition } from '../../../wire.js';

export function statelyText({ file, stately }: Pick<ChartDefinition, 'file' | 'stately'>): string {
  return `// ${file}
import { createMachine } from 'xstate';

export const machine = createMachine(${JSON.stringify(stately, undefined, 2)});
`;
}
