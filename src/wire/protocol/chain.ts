/**
 * The verb `chain`: how the configuration that follows another one is chosen, and how what was
 * chosen gets about (`actors/consensus/`).
 *
 *   prepare, accept   a proposer's questions to the voters of a configuration, about what follows
 *                     it. Each is answered with a vote, once that is on the disk
 *   enrolled          which of the asker's lives has been enrolled last? answered with its name,
 *                     or nothing, as it is on the disk
 *   enrol             the life the asker is in, if that is still the last. Answered the same way
 *   survey            who is there, to go on without those who are lost? answered with what it
 *                     knows, has agreed to, and hears
 *   recover           as `prepare`, or with a value as `accept`, of what follows without them
 *   fetch             which configuration do you know? answered with it
 *   chosen            told, or asked whether it is on the disk: this one was chosen
 *
 * Configurations travel as the bytes of their document, which whoever takes them checks.
 */
import { isNodeId, type NodeId } from '../../../actors/rules/actor.js';
import { limits } from '../../../actors/rules/limits.js';
import { consensusLimits } from '../../../actors/rules/limits/consensus.js';
import type { ConfigurationNumber } from '../../../actors/rules/said-configuration.js';
import type { Accepted, Question } from '../../../actors/consensus/acceptor.js';
import type { Ballot } from '../../../actors/consensus/ballot.js';
import type { Enrolling, LifeName } from '../../../actors/consensus/lives.js';
import type { Vote } from '../../../actors/consensus/voter.js';
import { MalformedError } from '../../errors.js';
import { isInt, isText } from '../columns.js';
import { decodeNodeIds, encodeNodeIds } from '../node-ids.js';
import type { WireValue } from '../wire-value.js';
import { asAnswer, asRequest, binOf, onlyOf, type Answer, type Request } from './bodies.js';

/** Of a document. */
export type ConfigurationBytes = Uint8Array;

/** `instance`: the number of the configuration that is to be followed. */
export type VoteQuestion = Question<ConfigurationBytes> & {
  readonly instance: ConfigurationNumber;
};

export type EnrolmentQuestion =
  { readonly kind: 'enrolled' } | ({ readonly kind: 'enrol' } & Enrolling);

export type ChainQuestion =
  | VoteQuestion
  | EnrolmentQuestion
  | { readonly kind: 'fetch' }
  | { readonly kind: 'survey' }
  /** Of what follows where all but some of the members are gone for good. */
  | { readonly kind: 'recover'; readonly question: VoteQuestion }
  | { readonly kind: 'chosen'; readonly configuration: ConfigurationBytes };

/** Whose instance is over sends what it knows instead. */
export type SentVote =
  | Exclude<Vote<ConfigurationBytes>, { readonly kind: 'superseded' }>
  | { readonly kind: 'superseded'; readonly configuration: ConfigurationBytes };

export function chainBody(question: ChainQuestion): Request<'chain'> {
  switch (question.kind) {
    case 'prepare':
    case 'accept':
      return asRequest([question.kind, ...voteParts(question)]);
    case 'recover':
      return asRequest([question.kind, ...voteParts(question.question)]);
    case 'enrol':
      return asRequest([question.kind, question.life, ...lifeParts(question.after)]);
    case 'chosen':
      return asRequest([question.kind, question.configuration]);
    default:
      return asRequest([question.kind]);
  }
}

export function chainOf(body: readonly WireValue[]): ChainQuestion {
  const [kind, ...parts] = body;
  switch (kind) {
    case 'prepare':
    case 'accept':
      return voteQuestionOf(kind, parts);
    case 'recover':
      return { kind, question: voteQuestionOf(parts.length === 3 ? 'prepare' : 'accept', parts) };
    case 'enrol':
      return { kind, life: lifeNameOf(parts[0]), after: lastLifeOf(parts.slice(1)) };
    case 'enrolled':
    case 'fetch':
    case 'survey':
      checkCount(parts, 0);
      return { kind };
    case 'chosen':
      checkCount(parts, 1);
      return { kind, configuration: configurationOf(parts[0]) };
    default:
      throw new MalformedError('no such question about the chain of configurations');
  }
}

/** To `prepare` and `accept`, of a recovery too. */
export function voteBody(vote: SentVote): Answer<'chain'> {
  switch (vote.kind) {
    case 'promised':
      return asAnswer([vote.kind, ...acceptedParts(vote.accepted)]);
    case 'outvoted':
      return asAnswer([vote.kind, ...ballotParts(vote.ballot)]);
    case 'superseded':
      return asAnswer([vote.kind, vote.configuration]);
    default:
      return asAnswer([vote.kind]);
  }
}

/** `to`: what was asked. */
export function voteOf(body: readonly WireValue[], to: 'prepare' | 'accept'): SentVote {
  const [kind, ...parts] = body;
  switch (kind) {
    case 'promised':
      if (to !== 'prepare') break;
      return { kind, accepted: acceptedOf(parts) };
    case 'accepted':
      if (to !== 'accept') break;
      checkCount(parts, 0);
      return { kind };
    case 'outvoted':
      checkCount(parts, 2);
      return { kind, ballot: ballotOf(parts[0], parts[1]) };
    case 'superseded':
      checkCount(parts, 1);
      return { kind, configuration: configurationOf(parts[0]) };
    case 'behind':
    case 'abstaining':
      checkCount(parts, 0);
      return { kind };
  }
  throw new MalformedError('no such vote');
}

/** To `enrolled` and `enrol`; undefined: none was enrolled. */
export function lifeBody(life: LifeName | undefined): Answer<'chain'> {
  return asAnswer(lifeParts(life));
}

export function lifeOf(body: readonly WireValue[]): { readonly life: LifeName | undefined } {
  return { life: lastLifeOf(body) };
}

/** To `fetch`. */
export function fetchedBody(configuration: ConfigurationBytes): Answer<'chain'> {
  return asAnswer([configuration]);
}

export function fetchedOf(body: readonly WireValue[]): Buffer {
  return configurationOf(onlyOf(body));
}

/** To `survey`. */
export interface Surveyed {
  readonly configuration: ConfigurationBytes;
  /** To which recovery of that it has agreed. */
  readonly agreed: ConfigurationBytes | undefined;
  /** On what follows. */
  readonly votes: boolean;
  /** Members that it does not take for down, but for itself; ascending. */
  readonly heard: readonly NodeId[];
}

export function surveyedBody({ configuration, agreed, votes, heard }: Surveyed): Answer<'chain'> {
  return asAnswer([configuration, agreed ?? null, votes, encodeNodeIds(heard)]);
}

export function surveyedOf(body: readonly WireValue[]): Surveyed {
  checkCount(body, 4);
  const [configuration, agreed, votes, heard] = body;
  if (typeof votes !== 'boolean') throw new MalformedError('no answer of who is there');
  return {
    configuration: configurationOf(configuration),
    agreed: agreed === null ? undefined : configurationOf(agreed),
    votes,
    heard: decodeNodeIds(heard),
  };
}

/** To `chosen`, where somebody waits: that one, or a later one, is on the disk. */
export const takenBody = asAnswer<'chain'>([]);

function voteParts(question: VoteQuestion): WireValue[] {
  const parts = [question.instance, ...ballotParts(question.ballot)];
  return question.kind === 'accept' ? [...parts, question.value] : parts;
}

function voteQuestionOf(kind: 'prepare' | 'accept', parts: readonly WireValue[]): VoteQuestion {
  checkCount(parts, kind === 'accept' ? 4 : 3);
  const instance = instanceOf(parts[0]);
  const ballot = ballotOf(parts[1], parts[2]);
  return kind === 'accept'
    ? { kind, instance, ballot, value: configurationOf(parts[3]) }
    : { kind, instance, ballot };
}

function acceptedParts(accepted: Accepted<ConfigurationBytes> | undefined): WireValue[] {
  return accepted === undefined ? [] : [...ballotParts(accepted.ballot), accepted.value];
}

function acceptedOf(parts: readonly WireValue[]): Accepted<Buffer> | undefined {
  if (parts.length === 0) return undefined;
  checkCount(parts, 3);
  return { ballot: ballotOf(parts[0], parts[1]), value: configurationOf(parts[2]) };
}

function ballotParts({ round, proposer }: Ballot): WireValue[] {
  return [round, proposer];
}

function ballotOf(round: WireValue | undefined, proposer: WireValue | undefined): Ballot {
  if (!isInt(round) || round < 1 || round > consensusLimits.ballotRoundMax)
    throw new MalformedError('a round there is not');
  if (!isText(proposer) || !isNodeId(proposer)) throw new MalformedError('a ballot is of a node');
  return { round, proposer };
}

function instanceOf(value: WireValue | undefined): ConfigurationNumber {
  if (!isInt(value) || value < 1 || value > limits.configurationNumberMax)
    throw new MalformedError('a number no configuration has');
  return value;
}

function lifeParts(life: LifeName | undefined): WireValue[] {
  return life === undefined ? [] : [life];
}

function lastLifeOf(parts: readonly WireValue[]): LifeName | undefined {
  return parts.length === 0 ? undefined : lifeNameOf(onlyOf(parts));
}

function lifeNameOf(value: WireValue | undefined): LifeName {
  if (!isInt(value) || value < 0 || value >= 2 ** 32) throw new MalformedError('no name of a life');
  return value;
}

function configurationOf(value: WireValue | undefined): Buffer {
  const bytes = binOf(value);
  if (bytes.length === 0 || bytes.length > limits.configurationBytesMax)
    throw new MalformedError('a configuration is no longer than its bound');
  return bytes;
}

function checkCount(parts: readonly WireValue[], count: number): void {
  if (parts.length !== count) throw new MalformedError('parts of a message about the chain');
}
