/**
 * A chart as the code that Stately's editor imports: it takes calls of `createMachine`, and no JSON
 * alone. It is a module that runs as well, without what its actions, guards and delays do.
 */
import type { ChartDefinition } from '../../../wire.js';

/** The page takes nothing from a package itself: this stands in what it saves. */
export const createMachineTaken = "import { createMachine } from 'xstate';";

export function statelyText({ file, stately }: Pick<ChartDefinition, 'file' | 'stately'>): string {
  const definition = JSON.stringify(stately, undefined, 2);
  return `// ${file}\n${createMachineTaken}\n\nexport const machine = createMachine(${definition});\n`;
}
