/**
 * The sandbox of a test file: jest's own, in which the language's own objects are found at once.
 * Every look at a global of such a sandbox (`Math`, `Map`, `Buffer` in any function) asks jest's
 * object from outside the compiled code, unless a declaration of a script stands before it. With
 * that, tests that compute much take a third to two thirds of the time.
 */
import { createContext, runInContext } from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

/** What tests or jest replace, which would go unseen; and `eval`, which is no name to declare. */
const replaced = new Set(['Date', 'console', 'globalThis', 'eval']);
/** Buffer is not of the language, and the most used. */
const names = [...languageNames(), 'Buffer'];
const declaration = `const { ${names.join(', ')} } = globalThis;`;

export default class Sandbox extends TestEnvironment {
  override async setup(): Promise<void> {
    await super.setup();
    runInContext(declaration, this.context!);
  }
}

/** Such as may be declared: what is no name, or fixed as `undefined` is, is fast by itself. */
function languageNames(): string[] {
  const properties = runInContext(
    'Object.entries(Object.getOwnPropertyDescriptors(globalThis))',
    createContext(),
  ) as [string, PropertyDescriptor][];
  return properties
    .filter(([name, { configurable }]) => configurable === true && !replaced.has(name))
    .map(([name]) => name);
}
