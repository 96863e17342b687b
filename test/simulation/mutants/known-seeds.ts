/**
 * Seeds that caught a mutant before, where no scenario and no test does; they are tried first. Find
 * new ones with `npm run simulate:mutants -- --no-known`.
 */
export const knownSeeds: Readonly<Record<string, string>> = {
  'merge-drops-theirs': '1',
  'mint-drops-unseen': '1',
  'merge-keeps-covered': '3',
  'mint-keeps-seen': '1',
  'first-writer-wins': '21',
  'mint-forgets-context': '97',
  'expired-still-shows': '4',
  'expires-too-early': '4',
  'read-says-all-is-equal': '4',
  'ack-before-sync': '9',
  'repair-overwrites': '1',
  'replay-skips-merges': '20',
  'segments-removed-too-early': '727',
  'trees-miss-removals': '1',
  'hint-dropped-after-send': '13',
  'exchange-never-pushes-or-pulls': '20',
  'values-collected-as-tombstones': '1',
};
