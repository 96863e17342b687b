/** The six chapters, the one at hand opened. */
import { nameIn, type StoryFacts } from './facts.js';
import { chapterNames, scenes, type Cast, type ChapterName } from './scenes.js';
import { sceneOf } from './story.machine.js';
import { chapterTitles, tellingOf } from './telling.js';
import type { RunningStory } from './use-story.js';

export function Chapters({ story }: { readonly story: RunningStory }) {
  const { snapshot } = story;
  const isTold = snapshot.matches('told');
  const now = chapterNames.indexOf(sceneOf(snapshot.context).chapter);
  return (
    <ol class="chapters">
      {chapterNames.map((chapter, i) => (
        <li key={chapter} aria-current={i === now && !isTold ? 'step' : undefined}>
          <h3>
            <Mark is={isTold || i < now ? 'past' : i === now ? 'present' : 'future'} at={i + 1} />
            {chapterTitles[chapter]}
          </h3>
          {i === now && !isTold && <Scene story={story} chapter={chapter} />}
        </li>
      ))}
    </ol>
  );
}

function Mark({ is, at }: { readonly is: 'past' | 'present' | 'future'; readonly at: number }) {
  return (
    <span class={`chapter-mark ${is}`}>
      {is === 'past' ? '✓' : at}
      {is === 'past' && <span class="only-read"> done: </span>}
    </span>
  );
}

function Scene({
  story: { snapshot, unseen, send },
  chapter,
}: {
  readonly story: RunningStory;
  readonly chapter: ChapterName;
}) {
  const { facts, cast, failure } = snapshot.context;
  if (facts === undefined) return <p class="quiet">{unseen ?? 'Looking at the cluster …'}</p>;
  const { name } = sceneOf(snapshot.context);
  const telling = tellingOf(name, facts, cast);
  const [isUnderway, isSeen] = [snapshot.matches('underway'), snapshot.matches('seen')];
  const isAwaited = snapshot.matches('awaited');
  // The sentence that was read before the button was pressed stays while its scenes go by.
  const first = firstOf(chapter, name);
  return (
    <div class="scene stack">
      <p>{tellingOf(first, facts, cast).says}</p>
      <SeenBefore {...{ chapter, name, facts, cast }} />
      {(snapshot.matches('offered') || snapshot.matches('refused')) && (
        <button type="button" class="primary" onClick={() => send({ type: 'scene.wanted' })}>
          {telling.does}
        </button>
      )}
      <div role="status" class="stack">
        {(isUnderway || isAwaited) && <p class="awaited">{telling.awaits}</p>}
        {snapshot.matches({ awaited: 'late' }) && <p class="quiet">{latenessOf(facts)}</p>}
        {isSeen && <p class="saw">{telling.saw}</p>}
        {unseen !== undefined && <p class="quiet">{unseen}</p>}
      </div>
      {failure !== undefined && <p class="failure">It was refused: {failure} Try again.</p>}
      {isSeen && (
        <button
          type="button"
          class="primary"
          ref={focused}
          onClick={() => send({ type: 'next.wanted' })}
        >
          Go on
        </button>
      )}
    </div>
  );
}

/** What the chapter has shown so far. */
function SeenBefore(scene: {
  readonly chapter: ChapterName;
  readonly name: string;
  readonly facts: StoryFacts;
  readonly cast: Cast;
}) {
  const ofChapter = scenes.filter(({ chapter }) => chapter === scene.chapter);
  const before = ofChapter.slice(
    0,
    ofChapter.findIndex(({ name }) => name === scene.name),
  );
  return (
    <>
      {before.map(({ name }) => (
        <p key={name} class="saw">
          {tellingOf(name, scene.facts, scene.cast).saw}
        </p>
      ))}
    </>
  );
}

function firstOf(chapter: ChapterName, name: string): string {
  const first = scenes.find((scene) => scene.chapter === chapter);
  const flows = first?.flowsOn === true;
  return flows ? first.name : name;
}

function latenessOf(facts: StoryFacts): string {
  const down = facts.nodes.filter(({ isDown }) => isDown).map(({ name }) => name);
  const owed = facts.hints.map(
    ({ holder, target }) => `${nameIn(facts, holder)} owes ${nameIn(facts, target)}`,
  );
  const now = [down.length === 0 ? 'nobody is down' : `down: ${down.join(', ')}`, ...owed];
  return `This takes longer than it should. Now ${now.join('; ')}. A node can be started where it is shown.`;
}

/** The keyboard goes on where the story does, unless it was taken elsewhere meanwhile. */
function focused(button: HTMLButtonElement | null): void {
  if (document.activeElement === document.body) button?.focus({ preventScroll: true });
}
