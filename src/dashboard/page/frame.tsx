/** The frame around the views: header, tabs, notices, and the keys that work everywhere. */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { useStore } from './page.js';
import { after } from './parts/browser.js';
import { clockText } from './parts/clock-text.js';
import { playKeys } from './parts/play-keys.js';
import type { PageStore } from './page-store.js';
import { hashOf, type Route, type ViewName } from './route.js';
import { chooseTheme, chosenTheme, nextTheme } from './theme.js';

export interface Tab {
  readonly view: ViewName;
  readonly title: string;
}

export interface FrameProps {
  readonly tabs: readonly Tab[];
  readonly route: Route;
  readonly sayings: readonly string[];
  readonly children: ComponentChildren;
  /** Back from a file to the cluster; undefined: it is shown. */
  readonly backToCluster: (() => void) | undefined;
}

export function Frame({ tabs, route, sayings, children, backToCluster }: FrameProps) {
  const store = useStore();
  const [theme, setTheme] = useState(chosenTheme);
  const help = useRef<HTMLDialogElement>(null);
  const main = useRef<HTMLElement>(null);
  useLayoutEffect(() => chooseTheme(theme), [theme]);
  useEffect(() => {
    document.title = `${tabs.find(({ view }) => view === route.view)?.title ?? ''} · Quorate`;
  }, [route.view, tabs]);
  // What is shown begins at its top, however far down the one before was read.
  useEffect(() => scrollTo(0, 0), [route.view]);
  useKeys({
    theme: () => setTheme(nextTheme),
    help: () => help.current?.showModal(),
    view: (index) => {
      const tab = tabs[index];
      if (tab === undefined) return;
      location.hash = hashOf(tab.view);
      main.current?.focus();
    },
  });
  return (
    <div class="frame">
      <header>
        <h1>
          <Sign /> Quorate
        </h1>
        <nav aria-label="Views">
          {tabs.map(({ view, title }) => (
            <a
              key={view}
              href={hashOf(view)}
              aria-current={view === route.view ? 'page' : undefined}
            >
              {title}
            </a>
          ))}
        </nav>
        <Where store={store} />
        <button
          type="button"
          class="plain"
          aria-label={`Colours: ${theme}. Change`}
          title={`Colours: ${theme} (t)`}
          onClick={() => setTheme(nextTheme)}
        >
          {{ system: '◐', light: '☀', dark: '☾' }[theme]}
        </button>
        <button
          type="button"
          class="plain"
          aria-label="Keys of this page"
          title="Keys of this page (?)"
          onClick={() => help.current?.showModal()}
        >
          ?
        </button>
      </header>
      <Notices store={store} view={route.view} backToCluster={backToCluster} />
      <main ref={main} tabIndex={-1}>
        {children}
      </main>
      <Sayings sayings={sayings} />
      <dialog ref={help} aria-labelledby="keys-of-page">
        <Help tabs={tabs} />
      </dialog>
    </div>
  );
}

function Sayings({ sayings }: { readonly sayings: readonly string[] }) {
  return (
    <div class="sayings" role="status" aria-live="polite">
      {sayings.map((text, index) => (
        <p key={`${index} ${text}`}>{text}</p>
      ))}
    </div>
  );
}

/** A ring of three, as the icon of the page is. */
function Sign() {
  return (
    <svg class="sign-of-page" viewBox="0 0 16 16" aria-hidden="true">
      {[1, 2, 3].map((series) => (
        <circle
          key={series}
          cx="8"
          cy="8"
          r="6"
          style={{ stroke: `var(--series-${series})` }}
          transform={`rotate(${120 * series - 210} 8 8)`}
        />
      ))}
    </svg>
  );
}

function Where({ store }: { readonly store: PageStore }) {
  const { source, connection, picture } = store;
  const words = { open: 'live', connecting: 'connecting', lost: 'connection lost' };
  const title = picture === undefined || picture.servers === '' ? source.title : picture.servers;
  return (
    <span class="where quiet small">
      <span class="title">{title}</span>
      <span class={`connection ${connection}`} role="status">
        {source.kind === 'file' ? 'a file' : words[connection]}
      </span>
    </span>
  );
}

/** Those in which the cluster is seen as it was; the others are about what can be done now. */
const lookingBack: ReadonlySet<ViewName> = new Set(['cluster', 'charts']);

function Notices({
  store,
  view,
  backToCluster,
}: {
  readonly store: PageStore;
  readonly view: ViewName;
  readonly backToCluster: (() => void) | undefined;
}) {
  const { dropped, lookedAtMs, picture, source } = store;
  const isDropping = useGrowing(dropped);
  return (
    <div class="notices">
      {backToCluster !== undefined && (
        <p class="notice">
          What is shown is a file: {source.title}.
          <button type="button" onClick={backToCluster}>
            Back to the cluster
          </button>
        </p>
      )}
      {lookedAtMs !== null && lookingBack.has(view) && (
        <p class="notice">
          What is shown is {clockText(picture?.atMs ?? lookedAtMs)}.
          <button type="button" onClick={() => store.lookAt(null)}>
            Back to now
          </button>
        </p>
      )}
      {isDropping && (
        <p class="notice">
          More happens than is shown: {dropped.toLocaleString()} notes, rounds and requests were
          left out so far.
        </p>
      )}
      {picture?.problems.map((text) => (
        <p key={text} class="notice">
          {text}
        </p>
      ))}
    </div>
  );
}

/** Whether it has grown of late. */
function useGrowing(count: number): boolean {
  const [isGrowing, setGrowing] = useState(false);
  useEffect(() => {
    setGrowing(count > 0);
    return after(dashboardLimits.droppedSaidMs, () => setGrowing(false));
  }, [count]);
  return isGrowing;
}

function Help({ tabs }: { readonly tabs: readonly Tab[] }) {
  return (
    <form method="dialog" class="stack">
      <h2 id="keys-of-page">Keys of this page</h2>
      <table>
        <tbody>
          {tabs.map(({ view, title }, index) => (
            <tr key={view}>
              <td>
                <kbd>{index + 1}</kbd>
              </td>
              <td>{title}</td>
            </tr>
          ))}
          {playKeys.map(([keys, what]) => (
            <tr key={keys}>
              <td>
                <kbd>{keys}</kbd>
              </td>
              <td>{what}</td>
            </tr>
          ))}
          <tr>
            <td>
              <kbd>t</kbd>
            </td>
            <td>dark, light, or as the system has it</td>
          </tr>
          <tr>
            <td>
              <kbd>?</kbd>
            </td>
            <td>this list</td>
          </tr>
        </tbody>
      </table>
      <p class="quiet small">
        A trace file can be dropped anywhere on the page.{' '}
        <a href="/licences.txt" target="_blank" rel="noreferrer">
          Licences of what the page is made of
        </a>
      </p>
      <button type="submit" autofocus>
        Close
      </button>
    </form>
  );
}

interface KeyActions {
  theme(): void;
  help(): void;
  view(index: number): void;
}

/** Of the whole page; not while something is written. */
function useKeys(actions: KeyActions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const hear = (event: KeyboardEvent): void => {
      const { key, ctrlKey, metaKey, altKey, target } = event;
      const isWriting =
        target instanceof HTMLElement && target.closest('input, textarea, select, dialog') !== null;
      if (ctrlKey || metaKey || altKey || isWriting) return;
      if (key === 't') latest.current.theme();
      else if (key === '?') latest.current.help();
      else if (/^[1-9]$/.test(key)) latest.current.view(Number(key) - 1);
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', hear);
    return () => removeEventListener('keydown', hear);
  }, []);
}
