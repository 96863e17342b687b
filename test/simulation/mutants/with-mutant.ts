/** How a process is started with a mutant. */
import { fileURLToPath } from 'node:url';

export function mutantArgv(): string[] {
  return ['--import', new URL('register.js', import.meta.url).href];
}

export function mutantEnv(name: string): NodeJS.ProcessEnv {
  return { ...process.env, QUORATE_MUTANT: name };
}

export const simulateMain = fileURLToPath(new URL('../main.js', import.meta.url));
