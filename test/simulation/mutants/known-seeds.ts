/** Seeds that caught a mutant before; they are tried first. Print them anew with `npm run simulate:mutants -- --no-known`. */
export const knownSeeds: Readonly<Record<string, string>> = {};
