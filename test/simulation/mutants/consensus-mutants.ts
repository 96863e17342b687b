/** Wrong versions of how configurations are chosen. */
import type { Mutant } from './mutant.js';

const acceptor = 'actors/consensus/acceptor.js';
const ballot = 'actors/consensus/ballot.js';
const voter = 'actors/consensus/voter.js';
const lives = 'actors/consensus/lives.js';
const proposal = 'actors/consensus/proposal.js';
const proposer = 'actors/consensus/proposer.machine.js';

const histories = 'model/consensus';

/** Those that name the test of histories make two be chosen there, or none ever again. */
export const consensusMutants: readonly Mutant[] = [
  {
    name: 'accepts-below-its-promise',
    test: histories,
    file: acceptor,
    find: 'if (isAbove(acceptor.promised, ballot))',
    replace: 'if (false)',
  },
  {
    name: 'promises-below-its-promise',
    test: histories,
    file: acceptor,
    find: 'if (!isAbove(ballot, promised))',
    replace: 'if (false)',
  },
  {
    name: 'promises-a-ballot-twice',
    test: histories,
    file: acceptor,
    find: 'if (!isAbove(ballot, promised))',
    replace: 'if (isAbove(promised, ballot))',
  },
  {
    name: 'promise-not-kept',
    test: histories,
    file: acceptor,
    find: "next: { promised: ballot, accepted }, answer: { kind: 'promised', accepted }",
    replace: "next: acceptor, answer: { kind: 'promised', accepted }",
  },
  {
    name: 'promise-forgets-what-was-accepted',
    test: histories,
    file: acceptor,
    find: "next: { promised: ballot, accepted }, answer: { kind: 'promised', accepted }",
    replace:
      "next: { promised: ballot, accepted: undefined }, answer: { kind: 'promised', accepted }",
  },
  {
    name: 'promise-hides-what-was-accepted',
    test: histories,
    file: acceptor,
    find: "answer: { kind: 'promised', accepted }",
    replace: "answer: { kind: 'promised', accepted: undefined }",
  },
  {
    name: 'acceptance-is-no-promise',
    test: 'unit/consensus/acceptor',
    file: acceptor,
    find: "next: { promised: ballot, accepted }, answer: { kind: 'accepted' }",
    replace: "next: { promised: acceptor.promised, accepted }, answer: { kind: 'accepted' }",
  },
  {
    name: 'made-up-round-promised',
    test: 'unit/consensus/acceptor',
    file: acceptor,
    find: 'return round > reachOf(promised);',
    replace: 'return false;',
  },
  {
    name: 'far-round-takes-nobody-closer',
    test: 'unit/consensus/acceptor',
    file: acceptor,
    find: 'isAbove(closer, promised) ? closer : promised',
    replace: 'promised',
  },
  {
    name: 'ballots-of-a-round-are-equal',
    test: histories,
    file: ballot,
    find: 'return ballot.proposer > other.proposer;',
    replace: 'return true;',
  },
  {
    name: 'made-up-round-followed',
    test: 'unit/consensus/proposal',
    file: ballot,
    find: 'Math.min(Math.max(own.round, heardRound) + 1, reachOf(own))',
    replace: 'Math.max(own.round, heardRound) + 1',
  },
  {
    name: 'majority-off-by-one',
    test: histories,
    file: 'actors/rules/voters.js',
    find: 'Math.floor(voters.length / 2) + 1',
    replace: 'Math.floor(voters.length / 2)',
  },
  {
    name: 'votes-where-it-has-not-come-to',
    test: 'unit/consensus/acceptor',
    file: voter,
    find: 'if (instance > voter.instance)',
    replace: 'if (false)',
  },
  {
    name: 'votes-where-it-is-over',
    test: histories,
    file: voter,
    find: 'if (instance < voter.instance)',
    replace: 'if (false)',
  },
  {
    name: 'old-disk-votes',
    test: histories,
    file: voter,
    find: 'if (instance < voter.votesFrom)',
    replace: 'if (false)',
  },
  {
    name: 'old-disk-asks-too-few',
    test: 'unit/consensus/acceptor',
    file: voter,
    find: 'untouched.length > voters.length - majorityOf(voters)',
    replace: 'untouched.length >= voters.length - majorityOf(voters)',
  },
  {
    name: 'own-word-enrols',
    test: 'unit/consensus/lives',
    file: lives,
    find: 'others.filter(by).length >= majorityOf(others)',
    replace: 'others.filter(by).length + 1 >= majorityOf(voters)',
  },
  {
    name: 'enrols-a-life-that-forgot',
    test: 'unit/consensus/lives',
    file: lives,
    find: 'last === after ? life : last',
    replace: 'life',
  },
  {
    name: 'remembers-one-life-alone',
    test: 'unit/consensus/lives',
    file: lives,
    find: '[...before, name].slice(-max)',
    replace: '[name]',
  },
  {
    name: 'follows-on-a-life-it-forgot',
    test: 'unit/consensus/lives',
    file: lives,
    find: 'some((names) => names.includes(said))',
    replace: 'some(() => true)',
  },
  {
    name: 'forgets-what-it-was-told-of-its-lives',
    test: histories,
    file: lives,
    find: 'before : [after]',
    replace: 'before : []',
  },
  {
    name: 'forgets-what-it-asked-to-enrol',
    test: histories,
    file: lives,
    find: '[...names.filter((name) => name !== life), life]',
    replace: '[...names, after]',
  },
  {
    name: 'votes-go-before-what-follows-is-there',
    test: 'unit/voting',
    file: 'src/membership/chain.js',
    find: 'this.table.keep(changes, ',
    replace:
      "this.table.keep({ ...changes, votes: { instance: 0, acceptor: { promised: { round: 0, proposer: '' }, accepted: undefined } } }, ",
  },
  {
    name: 'enrolled-by-who-is-gone-and-back',
    test: 'unit/voting',
    file: 'src/membership/voting.js',
    find: 'this.gone.get(id)?.() === true',
    replace: 'this.gone.has(id)',
  },
  {
    name: 'full-disk-is-waited-for',
    test: 'unit/full-disk',
    file: 'src/membership/chain-table.js',
    find: 'if (this.hasFailed)',
    replace: 'if (false)',
  },
  {
    name: 'any-number-waits-for-the-disk',
    test: 'unit/full-disk',
    file: 'src/membership/chain-table.js',
    find: 'if (this.waiting.length >= chainLimits.unwrittenMax)',
    replace: 'if (false)',
  },
  {
    name: 'strangers-vouch',
    test: 'unit/vouching',
    file: 'src/membership/vouching.js',
    find: 'this.counts(from)',
    replace: 'true',
  },
  {
    name: 'proposes-what-it-wants',
    test: histories,
    file: proposal,
    find: 'return last === undefined ? wanted : last.value;',
    replace: 'return wanted;',
  },
  {
    name: 'proposes-the-lowest-accepted',
    test: 'unit/consensus/proposal',
    file: proposal,
    find: 'isAbove(word.accepted.ballot, last.ballot)',
    replace: 'isAbove(last.ballot, word.accepted.ballot)',
  },
  {
    name: 'answers-to-earlier-questions-count',
    test: 'unit/consensus/proposal',
    file: proposal,
    find: 'return question.kind === other.kind && isSameBallot(question.ballot, other.ballot);',
    replace: 'return true;',
  },
  {
    name: 'voter-counts-twice',
    test: 'unit/consensus/proposal',
    file: proposal,
    find: 'if (words.some((said) => said.voter === voter))',
    replace: 'if (false)',
  },
  {
    name: 'promises-count-as-acceptances',
    test: 'unit/consensus/proposal',
    file: proposal,
    find: "question: { kind: 'accept', ballot, value }, words: []",
    replace: "question: { kind: 'accept', ballot, value }",
  },
  {
    name: 'outvoted-without-going-up',
    test: histories,
    file: proposal,
    find: 'openProposal(voters, wanted, ballotAfter(question.ballot, heardRound))',
    replace: 'openProposal(voters, wanted, question.ballot)',
  },
  {
    name: 'tells-what-it-wanted',
    test: histories,
    file: proposer,
    find: "return question.kind === 'accept' ? question.value : wanted;",
    replace: 'return wanted;',
  },
];
