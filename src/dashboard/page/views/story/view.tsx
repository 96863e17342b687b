import './story.css';
import { usePage, useStore } from '../../page.js';
import type { LiveCluster } from '../../source.js';
import { Board } from './board.tsx';
import { Chapters } from './chapters.tsx';
import { Noted } from './noted.tsx';
import { useStory } from './use-story.js';

/** Break it yourself, and see what it does about it: of nodes that this process started alone. */
export function StoryView() {
  const { source, greeting } = useStore();
  const { cluster } = source;
  return (
    <section class="stack story" aria-labelledby="story-view">
      <h2 id="story-view">Break it yourself</h2>
      {cluster === undefined || greeting?.canBreak !== true ? (
        <p class="quiet">
          {greeting === undefined && cluster !== undefined
            ? 'Connecting …'
            : 'This page may break only nodes that were started with it: quorate up.'}
        </p>
      ) : (
        <Told cluster={cluster} />
      )}
    </section>
  );
}

function Told({ cluster }: { readonly cluster: LiveCluster }) {
  const store = useStore();
  const page = usePage();
  const story = useStory(store, cluster);
  const picture = store.pictures.last;
  if (picture === undefined) return <p class="quiet">Looking at the cluster …</p>;
  const isTold = story.snapshot.matches('told');
  const isBegun = story.snapshot.context.scene > 0;
  return (
    <div class="story-columns">
      <div class="stack">
        <Chapters story={story} />
        {isTold && (
          <p class="saw">
            That was all of it. The buttons of the nodes stay: break what you like, and look at it
            in the other views.
          </p>
        )}
        {isBegun && (
          <button
            type="button"
            class="plain begin-again"
            onClick={() => story.send({ type: 'beginning.wanted' })}
          >
            Begin again
          </button>
        )}
      </div>
      <div class="stack">
        <Board
          picture={picture}
          story={story}
          onBreak={(node, how) => {
            cluster.break({ node, how }).catch((error: Error) => page.say(error.message));
          }}
        />
        <Noted store={store} />
      </div>
    </div>
  );
}
