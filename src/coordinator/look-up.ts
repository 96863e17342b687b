/**
 * Looks up what the contexts of puts claim beyond what this node holds, and hands the puts back
 * with what was found. A put of a client that read elsewhere a moment ago needs it now and then; a
 * forged context always does, and finds nothing.
 */
import type { Actor as ChartActor } from 'xstate';
import { createActor } from 'xstate';
import {
  lookUpMachine,
  type LookUpEffects,
  type LookUpEvent,
  type LookUpPlan,
} from '../../actors/coordinator/look-up.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import { unsaid } from '../../actors/rules/said-configuration.js';
import { limits } from '../../actors/rules/limits.js';
import { claimsBeyond, type KeyState } from '../../actors/rules/versions.js';
import type { CallId } from '../bus/peers.js';
import { QuorateError } from '../errors.js';
import type { PutRequest } from './coordinator.js';
import { bodyOfRead, KeysRead, takeAnswer, type ReadAnswer } from './keys-read.js';
import type { RoundSurroundings } from './round-surroundings.js';
import type { Round, Sleeper } from './rounds-underway.js';

export interface LookUpContent {
  readonly id: string;
  readonly requests: readonly PutRequest[];
  readonly plan: LookUpPlan;
  /** Told once; with what was found each put can be minted. */
  readonly onFound: (requests: readonly PutRequest[]) => void;
}

export class LookUp implements LookUpEffects, Round, Sleeper {
  wakeAtMs: number;
  private readonly actor: ChartActor<typeof lookUpMachine>;
  private readonly keys: KeysRead;
  private readonly calls: CallId[] = [];

  constructor(
    private readonly around: RoundSurroundings,
    private readonly content: LookUpContent,
  ) {
    const { requests, plan, id } = content;
    this.keys = new KeysRead(around.store, requests);
    const nowMs = around.clock.monotonicMs();
    // The round that follows needs the other half.
    const lefts = requests.map(({ deadlineMs }) => (deadlineMs - nowMs) / 2);
    this.wakeAtMs = nowMs + Math.min(limits.lookUpMsMax, ...lefts);
    this.actor = createActor(lookUpMachine, {
      ...around.inspection.actorOptions,
      id,
      input: { plan, effects: this },
    });
  }

  get waits(): Sleeper {
    return this;
  }

  begin(): void {
    this.around.rounds.begin(this);
    this.actor.start();
  }

  nodeDown(node: NodeId): void {
    this.send({ type: 'replica.outOfReach', node });
  }

  /** Its puts are collected anew in the end. */
  configurationChanged(): void {
    return undefined;
  }

  wake(): void {
    this.wakeAtMs = Infinity;
    this.send({ type: 'time.isUp' });
  }

  ask(node: NodeId): void {
    this.askFrom(node, 0);
  }

  finish(isAllFound: boolean): void {
    for (const call of this.calls) this.around.peers.giveUp(call);
    const { requests, onFound } = this.content;
    // The rounds of the puts begin before this one ends: a node that drains waits for them.
    const found: PutRequest[] = [];
    for (const [i, request] of requests.entries())
      found.push({ ...request, found: this.merged(i), isAllFound });
    onFound(found);
    this.around.rounds.end(this);
  }

  /** An inspector that prints the chart's context shall not print the store. */
  toJSON(): string {
    return this.content.id;
  }

  private askFrom(node: NodeId, first: number): void {
    const { peers, clock } = this.around;
    const remainingMs = this.wakeAtMs - clock.monotonicMs();
    // It counts for no quorum: who goes by another configuration may have what is looked for.
    const from = { first, remainingMs, configuration: unsaid, side: undefined };
    const body = bodyOfRead(this.keys, from);
    const call = peers.call(node, 'read', body, (answer) => {
      if (answer.kind === 'ok') return this.take({ node, first, body: answer.body });
      this.send({ type: 'replica.refused', node });
    });
    this.calls.push(call);
  }

  private take(answer: ReadAnswer): void {
    const { node } = answer;
    try {
      const { next } = takeAnswer(this.keys, answer);
      if (next < this.keys.names.length && !this.foundAll()) this.askFrom(node, next);
      else this.send({ type: 'replica.answered', node, foundAll: this.foundAll() });
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      this.send({ type: 'replica.refused', node });
    }
  }

  private foundAll(): boolean {
    return this.content.requests.every(
      ({ context }, i) => !claimsBeyond(context!, this.merged(i).context),
    );
  }

  /** What is known of the key of request `i`. */
  private merged(i: number): KeyState {
    return this.keys.merged(this.keys.at[i]!);
  }

  /** Nothing matters any more once the chart has ended. */
  private send(event: LookUpEvent): void {
    if (this.actor.getSnapshot().status === 'active') this.actor.send(event);
  }
}
