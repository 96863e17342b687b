/** Who is asked, whose word counts and for how long, and of whom news tell. */
import type { Mutant } from './mutant.js';

const peerWatch = 'src/membership/peer-watch.js';
const toldVitals = 'src/membership/told-vitals.js';

export const detectorMutants: readonly Mutant[] = [
  {
    name: 'testimonies-stay',
    test: 'unit/peer-watch',
    file: peerWatch,
    find: 'nowMs - saidAtMs > gossipLimits.testimonyMsMax',
    replace: 'false',
  },
  {
    name: 'old-news-bring-back-the-dead',
    test: 'unit/peer-watch',
    file: peerWatch,
    find: 'if (this.tellsOfAll)\n            this.heard(peer);',
    replace: 'this.heard(peer);',
  },
  {
    name: 'asked-though-just-heard',
    test: 'unit/peer-watch',
    file: peerWatch,
    find: 'nowMs - entry.silentSinceMs <= limits.silenceMsMax',
    replace: 'false',
  },
  {
    name: 'few-of-the-gone-asked-for',
    test: 'unit/peer-watch',
    file: peerWatch,
    find: 'Math.max(limits.gossipFanout, part)',
    replace: 'limits.gossipFanout',
  },
  {
    name: 'absence-is-a-testimony',
    test: 'unit/peer-watch',
    file: 'src/wire/protocol/news.js',
    find: "opinion === 'silent' || isDown(opinion)",
    replace: "opinion !== 'heard'",
  },
  {
    name: 'own-health-does-not-count',
    test: 'unit/peer-watch',
    file: 'actors/rules/suspicion.js',
    find: '(further + strikes)',
    replace: 'further',
  },
  {
    name: 'nobody-is-waited-for',
    test: 'model/peer',
    file: 'actors/failure-detector/peer.machine.js',
    find: 'patienceMs === 0 || suspicion.witnesses.size > 0',
    replace: 'true',
  },
  {
    name: 'who-hangs-told-in-turn',
    test: 'unit/told-vitals',
    file: toldVitals,
    find: '...this.hanging.next(hanging, newsDoubtsMax),',
    replace: '',
  },
  {
    name: 'doubts-told-in-turn',
    test: 'unit/told-vitals',
    file: toldVitals,
    find: '...this.doubted.next(doubted, newsDoubtsMax),',
    replace: '',
  },
  {
    name: 'who-hangs-told-for-ever',
    file: 'src/membership/hanging-word.js',
    find: 'beats - 1',
    replace: 'beats',
  },
];
