/**
 * The verb `gossip`: what the parts of membership say to each other. News are told; the rest are
 * questions.
 *
 *   claim    who else runs with my id?            answered by the other process
 *   recall   what do you know of my former life?  answered with it
 *   removal  may this member be removed?          agreed to, or refused
 */
import { isNodeId, type NodeId } from '../../../actors/rules/actor.js';
import type { Claim, SeenLife } from '../../../actors/rules/identity.js';
import { limits } from '../../../actors/rules/limits.js';
import type { Member } from '../../../actors/rules/membership.js';
import { MalformedError } from '../../errors.js';
import { isInt, isText } from '../columns.js';
import { memberOf, memberRow } from '../member-rows.js';
import type { WireValue } from '../wire-value.js';
import { asAnswer, asRequest, type Answer, type Request } from './bodies.js';
import { newsOf, type News } from './news.js';

export type Gossip =
  | { readonly kind: 'news'; readonly news: News }
  | { readonly kind: 'claim'; readonly claim: Claim }
  /** `row`: of the asker, as it is now. */
  | { readonly kind: 'recall'; readonly row: Member }
  | { readonly kind: 'removal'; readonly target: NodeId };

export function gossipOf(body: readonly WireValue[]): Gossip {
  switch (body[0]) {
    case 'claim':
      return { kind: 'claim', claim: claimOf(body.slice(1)) };
    case 'recall':
      if (body.length !== 2) throw new MalformedError('not a question about a former life');
      return { kind: 'recall', row: memberOf(body[1]) };
    case 'removal':
      return { kind: 'removal', target: targetOf(body) };
    default:
      return { kind: 'news', news: newsOf(body) };
  }
}

export function claimBody(claim: Claim): Request<'gossip'> {
  return asRequest(['claim', ...claimRow(claim)]);
}

/** Of another process with the same id. */
export function twinBody(claim: Claim): Answer<'gossip'> {
  return asAnswer(claimRow(claim));
}

/** Of an answer to a claim. */
export function claimOf(body: readonly WireValue[]): Claim {
  const [instance, generation, pid] = body;
  if (body.length !== 3 || !isInt(instance) || !isInt(generation) || !isInt(pid))
    throw new MalformedError('not a claim');
  return { instance, generation, pid };
}

function claimRow({ instance, generation, pid }: Claim): WireValue[] {
  return [instance, generation, pid];
}

export function recallBody(self: Member): Request<'gossip'> {
  return asRequest(['recall', memberRow(self)]);
}

/** Zeros: never seen. */
export function lifeBody(seen: SeenLife | undefined): Answer<'gossip'> {
  return asAnswer([seen?.generation ?? 0, seen?.epochs ?? 0]);
}

export function lifeOf(body: readonly WireValue[]): SeenLife {
  const [generation, epochs] = body;
  if (body.length !== 2 || !isInt(generation) || !isInt(epochs))
    throw new MalformedError('not a former life');
  if (generation > limits.generationMax || epochs > limits.epochsMax)
    throw new MalformedError('a life from the far future');
  return { generation, epochs };
}

export function removalBody(target: NodeId): Request<'gossip'> {
  return asRequest(['removal', target]);
}

/** Nothing stands against it. */
export const removalAgreedBody = asAnswer<'gossip'>([]);

function targetOf(body: readonly WireValue[]): NodeId {
  const target = body[1];
  if (body.length !== 2 || !isText(target) || !isNodeId(target))
    throw new MalformedError('a removal names a member');
  return target;
}
