/** Goes through time by keys, wherever on the page they are hit but where they write or choose. */
import { useEffect, useRef } from 'preact/hooks';

export interface PlayActions {
  readonly toggle: () => void;
  readonly back: () => void;
  readonly forth: () => void;
  readonly toStart: () => void;
  readonly toEnd: () => void;
  readonly slower: () => void;
  readonly faster: () => void;
  /** To what went wrong before, and after. */
  readonly previous?: () => void;
  readonly next?: () => void;
}

/** As the list of all keys tells them. */
export const playKeys: readonly (readonly [keys: string, what: string])[] = [
  ['space', 'plays and pauses a file or a request'],
  ['← →', 'one step back, one step forth'],
  ['⇧ ← →', 'to the fault before, and after'],
  ['− +', 'slower, faster'],
  ['home end', 'to its beginning, to its end'],
];

const own = 'input, textarea, select, dialog';
const pressed = 'button, a, [role=button]';

export function usePlayKeys(actions: PlayActions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const hear = (event: KeyboardEvent): void => {
      const { ctrlKey, metaKey, altKey, target } = event;
      const isOwn = target instanceof Element && target.closest(own) !== null;
      if (ctrlKey || metaKey || altKey || isOwn) return;
      const isPressed = target instanceof Element && target.closest(pressed) !== null;
      const action = actionOf(event, latest.current);
      if (action === undefined || (event.key === ' ' && isPressed)) return;
      event.preventDefault();
      action();
    };
    addEventListener('keydown', hear);
    return () => removeEventListener('keydown', hear);
  }, []);
}

function actionOf(
  { key, shiftKey }: Pick<KeyboardEvent, 'key' | 'shiftKey'>,
  actions: PlayActions,
): (() => void) | undefined {
  switch (key) {
    case ' ':
      return actions.toggle;
    case 'ArrowLeft':
      return shiftKey ? actions.previous : actions.back;
    case 'ArrowRight':
      return shiftKey ? actions.next : actions.forth;
    case 'Home':
      return actions.toStart;
    case 'End':
      return actions.toEnd;
    case '-':
      return actions.slower;
    case '+':
      return actions.faster;
    default:
      return undefined;
  }
}

/** Of those there are, in order, the one before or after; itself at the end. */
export function speedBeside(
  speeds: readonly { readonly speed: number }[],
  speed: number,
  by: 1 | -1,
): number {
  const at = speeds.findIndex((one) => one.speed === speed);
  return speeds[at + by]?.speed ?? speed;
}
