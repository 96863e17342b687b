/** What the definition says of one state: what it does, and where it leads, as it is tried. */
import type { ChartAction, ChartNode, ChartTransition } from '../../../wire.js';
import { actionText, triggerText } from './drawing.js';
import type { ChartIndex } from './lit.js';

export interface StatePanelProps {
  readonly node: ChartNode;
  readonly index: ChartIndex;
  readonly isLit: boolean;
  readonly onState: (id: string) => void;
}

const kinds: Readonly<Record<ChartNode['type'], string>> = {
  atomic: 'a state',
  compound: 'one of its states at a time',
  parallel: 'all of its regions at once',
  final: 'an end',
  history: 'comes back to where it was',
};

export function StatePanel({ node, index, isLit, onState }: StatePanelProps) {
  const { key, type, description, tags, entry, exit, invokes, transitions } = node;
  return (
    <section class="stack" aria-label={`State ${key}`}>
      <h3>
        {key} <span class="quiet small">{kinds[type]}</span>
        {isLit && <span class="now small"> ● now</span>}
      </h3>
      {description !== undefined && <p>{description}</p>}
      <dl class="facts">
        <Actions word="entry" actions={entry} />
        <Actions word="exit" actions={exit} />
        {invokes.map(({ id, src }) => (
          <Fact key={id} word="invokes" text={id === src ? src : `${src} as ${id}`} />
        ))}
        {tags.length > 0 && <Fact word="tags" text={tags.join(', ')} />}
      </dl>
      {transitions.length > 0 && (
        <ul class="exits">
          {transitions.map((transition) => (
            <Exit key={transition.id} transition={transition} index={index} onState={onState} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Actions({
  word,
  actions,
}: {
  readonly word: string;
  readonly actions: readonly ChartAction[];
}) {
  return actions.length === 0 ? null : (
    <Fact word={word} text={actions.map(actionText).join(', ')} />
  );
}

function Fact({ word, text }: { readonly word: string; readonly text: string }) {
  return (
    <>
      <dt>{word}</dt>
      <dd class="mono">{text}</dd>
    </>
  );
}

function Exit({
  transition,
  index,
  onState,
}: {
  readonly transition: ChartTransition;
  readonly index: ChartIndex;
  readonly onState: (id: string) => void;
}) {
  const { trigger, guard, otherwise, actions, targets, reenter } = transition;
  const delay = trigger.kind === 'after' && trigger.ms !== undefined ? trigger.delay : undefined;
  const condition = guard ?? (otherwise ? 'else' : undefined);
  return (
    <li>
      <span class="mono">{triggerText(transition)}</span>
      {delay !== undefined && <span class="quiet small"> {delay}</span>}
      {condition !== undefined && <span class="mono guard"> [{condition}]</span>}
      {actions.length > 0 && (
        <span class="mono quiet"> / {actions.map(actionText).join(', ')}</span>
      )}
      {targets.map((id) => (
        <button key={id} type="button" class="plain target" onClick={() => onState(id)}>
          → {index.get(id)?.node.key ?? id}
          {reenter && <span class="quiet small"> anew</span>}
        </button>
      ))}
      {targets.length === 0 && (
        <span class="quiet small">{actions.length === 0 ? ' nothing happens' : ' stays'}</span>
      )}
    </li>
  );
}
