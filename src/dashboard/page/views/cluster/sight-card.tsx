/** The nodes as each other node sees them. */
import type { ClusterPicture } from '../../../wire.js';
import { NodeBadge } from '../../parts/node-badge.tsx';
import { sightRows, type Sight } from './sight-model.js';

const looks: Readonly<Record<Sight, { sign: string; tone: string; says: string }>> = {
  itself: { sign: '·', tone: 'quiet', says: 'itself' },
  alive: { sign: '●', tone: 'good', says: 'alive' },
  suspect: { sign: '?', tone: 'warn', says: 'suspect' },
  down: { sign: '✕', tone: 'bad', says: 'down' },
  absent: { sign: '○', tone: 'bad', says: 'down, and not there as NATS says' },
  untold: { sign: '–', tone: 'quiet', says: 'nothing is known' },
};

const explained = ['alive', 'suspect', 'down', 'absent'] as const;

/** Of a node that does not answer. */
function saysLast(sights: readonly Sight[]): string {
  const said = sights.some((sight) => sight !== 'untold' && sight !== 'itself');
  return said ? 'said last' : 'no answer';
}

export function SightCard({
  picture,
  lit,
}: {
  readonly picture: ClusterPicture;
  readonly lit: ReadonlySet<string>;
}) {
  const rows = sightRows(picture);
  const dim = (id: string): string => (lit.size > 0 && !lit.has(id) ? 'dim' : '');
  return (
    <section class="card stack" aria-labelledby="cluster-sight">
      <h2 id="cluster-sight">Who sees whom</h2>
      <div class="scroll">
        <table class="sight">
          <thead>
            <tr>
              <th scope="col" class="quiet">
                sees
              </th>
              {rows.map(({ id }) => (
                <th key={id} scope="col" class={dim(id)}>
                  <NodeBadge id={id} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ id, isSilent, sights }) => (
              <tr key={id} class={isSilent ? 'silent' : ''}>
                <th scope="row" class={dim(id)}>
                  <NodeBadge id={id} />
                  {isSilent && <span class="quiet small"> {saysLast(sights)}</span>}
                </th>
                {sights.map((sight, column) => {
                  const { sign, tone, says } = looks[sight];
                  return (
                    <td key={rows[column]!.id} class={`tone-${tone}`} title={says}>
                      <span aria-hidden="true">{sign}</span>
                      <span class="only-read">{says}</span>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="row small quiet" aria-hidden="true">
        {explained.map((sight) => (
          <span key={sight}>
            <span class={`tone-${looks[sight].tone}`}>{looks[sight].sign}</span> {looks[sight].says}
          </span>
        ))}
      </p>
    </section>
  );
}
