/** The machines there are, by what they are part of, and how many instances of each live. */
import type { ChartDefinition } from '../../../wire.js';
import { hashOf } from '../../route.js';

export interface MachineListProps {
  readonly charts: readonly ChartDefinition[];
  readonly shown: string;
  /** By the chart's id. */
  readonly livingOf: (chart: string) => number;
}

export function MachineList({ charts, shown, livingOf }: MachineListProps) {
  const folders = [...new Set(charts.map(folderOf))];
  return (
    <div class="machines" role="navigation" aria-label="Machines" onKeyDown={moveFocus}>
      {folders.map((folder) => (
        <ul key={folder} aria-label={folder}>
          {charts
            .filter((chart) => folderOf(chart) === folder)
            .map(({ id }) => (
              <Machine key={id} id={id} isShown={id === shown} living={livingOf(id)} />
            ))}
        </ul>
      ))}
    </div>
  );
}

function Machine({
  id,
  isShown,
  living,
}: {
  readonly id: string;
  readonly isShown: boolean;
  readonly living: number;
}) {
  return (
    <li>
      <a href={hashOf('charts', id)} aria-current={isShown ? 'true' : undefined}>
        <span>{wordsOf(id)}</span>
        {living > 0 && (
          <span class="count" title={`${living} alive`}>
            {living}
          </span>
        )}
      </a>
    </li>
  );
}

/** `treeExchange`: tree exchange. */
export function wordsOf(id: string): string {
  return id.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function folderOf({ file }: ChartDefinition): string {
  return file.split('/').at(-2) ?? '';
}

/** Up and down through the links, as through a list. */
export function moveFocus(event: KeyboardEvent): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const within = event.currentTarget;
  if (by === undefined || !(within instanceof HTMLElement)) return;
  const links = [...within.querySelectorAll<HTMLElement>('a')];
  const at = links.findIndex((link) => link === document.activeElement);
  links[at + by]?.focus();
  event.preventDefault();
}
