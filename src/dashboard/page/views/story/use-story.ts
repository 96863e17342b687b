/** Runs the story over the live cluster: each new picture of it is a chance to see something. */
import { useEffect, useState } from 'preact/hooks';
import { createActor, type ActorRefFrom, type SnapshotFrom } from 'xstate';
import type { PageStore } from '../../page-store.js';
import type { LiveCluster } from '../../source.js';
import type { ClusterPicture, KeyAnswer, KeyPicture } from '../../../wire.js';
import type { Deeds } from './scenes.js';
import { factsOf } from './seen-facts.js';
import { storyMachine, type StoryEvent } from './story.machine.js';

export const storyBucket = 'story';
export const storyKey = 'cart';

export interface RunningStory {
  readonly snapshot: SnapshotFrom<typeof storyMachine>;
  readonly key: KeyPicture | undefined;
  /** Why the key can't be seen just now; undefined: it can. */
  readonly unseen: string | undefined;
  readonly send: (event: StoryEvent) => void;
}

type StoryActor = ActorRefFrom<typeof storyMachine>;

/** It goes on where it was when another view was looked at meanwhile. */
const stories = new WeakMap<LiveCluster, StoryActor>();

export function useStory(store: PageStore, cluster: LiveCluster): RunningStory {
  const [actor] = useState(() => storyOf(store, cluster));
  const [snapshot, setSnapshot] = useState(() => actor.getSnapshot());
  const [key, setKey] = useState<KeyPicture>();
  const [unseen, setUnseen] = useState<string>();
  useEffect(() => {
    setSnapshot(actor.getSnapshot());
    const subscription = actor.subscribe(setSnapshot);
    return () => subscription.unsubscribe();
  }, [actor]);
  const picture = store.pictures.last;
  useEffect(() => {
    let isCurrent = true;
    if (picture !== undefined) {
      cluster.key(storyBucket, storyKey).then(
        (told) => isCurrent && take(told, picture),
        // The next picture asks again.
        (error: Error) => isCurrent && setUnseen(error.message),
      );
    }
    return () => {
      isCurrent = false;
    };
  }, [actor, cluster, picture]);
  const take = (told: KeyPicture, seen: ClusterPicture): void => {
    setKey(told);
    setUnseen(undefined);
    actor.send({ type: 'facts.came', facts: factsOf(seen, told) });
  };
  return { snapshot, key, unseen, send: (event) => actor.send(event) };
}

function storyOf(store: PageStore, cluster: LiveCluster): StoryActor {
  const known = stories.get(cluster);
  if (known !== undefined) return known;
  const actor = createActor(storyMachine, { input: { deeds: deedsIn(store, cluster) } });
  stories.set(cluster, actor.start());
  return actor;
}

function deedsIn(store: PageStore, cluster: LiveCluster): Deeds {
  const at = { bucket: storyBucket, key: storyKey };
  const processOf = (id: string): string =>
    store.pictures.last?.nodes.find((node) => node.id === id)?.process?.name ?? id;
  return {
    put: async (value, context) => {
      const told = { ...at, value, ...(context !== undefined && { context }) };
      return done(await cluster.put(told)).receipt ?? '';
    },
    read: async () => done(await cluster.get(at)).context ?? '',
    kill: (node) => cluster.break({ node: processOf(node), how: 'kill' }),
    restart: (node) => cluster.break({ node: processOf(node), how: 'restart' }),
  };
}

function done(answer: KeyAnswer): KeyAnswer {
  if (answer.outcome !== 'done') throw new Error(answer.text);
  return answer;
}
