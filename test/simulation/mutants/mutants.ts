/**
 * Wrong versions of the product, to see that tests would notice. Each replaces one passage of a compiled file while it is
 * loaded (`loader.ts`), in a process of its own: nothing of this exists in what is shipped. A passage that is not found
 * exactly once is an error, so mutants can't rot unseen.
 */
export interface Mutant {
  readonly name: string;
  /** Below `dist/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const mutants: readonly Mutant[] = [
  {
    name: 'epoch-reused-after-crash',
    file: 'src/store/epochs.js',
    find: 'this.next = clean ? last.next : last.leaseEnd;',
    replace: 'this.next = clean ? last.next : last.leaseEnd - epochBlock;',
  },
  {
    name: 'marks-survive-crash',
    file: 'src/store/epochs.js',
    find: 'this.firstValid = clean ? last.valid : last.leaseEnd;',
    replace: 'this.firstValid = last.valid;',
  },
  {
    name: 'one-epoch-for-ever',
    file: 'src/store/epochs.js',
    find: 'const epoch = this.next++;',
    replace: 'const epoch = 1;',
  },
];

export function mutantOf(name: string): Mutant {
  const mutant = mutants.find((candidate) => candidate.name === name);
  if (mutant === undefined) throw new Error(`no mutant ${name}`);
  return mutant;
}
