/** One key: its copies side by side, where it lives and why, and what can be done to it. */
import { useMemo } from 'preact/hooks';
import type { ClusterPicture, KeyCopy, KeyPicture } from '../../../wire.js';
import { NodeBadge } from '../../parts/node-badge.tsx';
import type { LiveCluster } from '../../source.js';
import { Change } from './change.tsx';
import { compareCopies, owedBy, sentenceOf } from './comparison.js';
import { Copies } from './copies.tsx';
import { Siblings } from './siblings.tsx';
import { useKey } from './use-key.js';
import { placesOf, reasonsOf, type Place } from './where.js';

export function Detail({
  cluster,
  bucket,
  name,
  picture,
}: {
  readonly cluster: LiveCluster;
  readonly bucket: string;
  readonly name: string;
  readonly picture: ClusterPicture | undefined;
}) {
  const { key, failure, refresh } = useKey(cluster, { bucket, key: name }, picture);
  return (
    <article class="stack detail" aria-labelledby="key-name">
      <header>
        <h3 id="key-name" class="mono key-name">
          {bucket} / {name}
        </h3>
        {failure !== undefined && (
          <p class="failure" role="status">
            {failure}
            {key !== undefined && ' What stands here is of before.'}
          </p>
        )}
        {key === undefined && failure === undefined && <p class="quiet">Asking the nodes …</p>}
      </header>
      {key !== undefined && <Held told={key} picture={picture} />}
      <Change {...{ cluster, bucket, name }} onChanged={refresh} />
      {key !== undefined && <Where told={key} picture={picture} />}
    </article>
  );
}

interface ToldProps {
  readonly told: KeyPicture;
  readonly picture: ClusterPicture | undefined;
}

function Held({ told, picture }: ToldProps) {
  const places = useMemo(() => placesOf(told, picture), [told, picture]);
  const copies = useMemo(() => inOrder(told, places), [told, places]);
  const comparison = useMemo(() => compareCopies(copies), [copies]);
  const nameOf = (id: string): string =>
    picture?.nodes.find((node) => node.id === id)?.name ?? id.slice(0, 6);
  const owners = [...new Set([...told.primaries, ...told.incoming])];
  return (
    <>
      <p role="status">{sentenceOf(comparison, owners, nameOf)}</p>
      <Siblings comparison={comparison} nameOf={nameOf} />
      <section class="card scroll" aria-labelledby="copies">
        <h4 id="copies">What each replica holds</h4>
        <Copies
          comparison={comparison}
          places={places}
          owedBy={(id) => owedBy(comparison, copies, owners, id)}
          nameOf={nameOf}
        />
      </section>
    </>
  );
}

/** Primaries first, those included that do not answer; then who else holds something. */
function inOrder({ copies, primaries, incoming }: KeyPicture, places: readonly Place[]): KeyCopy[] {
  const rank = (node: string): number => {
    const at = places.findIndex((place) => place.node === node);
    return at < 0 ? places.length : at;
  };
  const owners = [...new Set([...primaries, ...incoming])];
  const unheard = owners
    .filter((node) => copies.every((copy) => copy.node !== node))
    .map((node) => ({ node, isHeld: false, context: null, siblings: [], error: 'no answer' }));
  const shown = copies.filter(({ node, isHeld }) => isHeld || owners.includes(node));
  return [...shown, ...unheard].sort((a, b) => rank(a.node) - rank(b.node));
}

function Where({ told, picture }: ToldProps) {
  const places = placesOf(told, picture);
  const reasons = reasonsOf(told, places, picture?.ring);
  const hasZones = places.some(({ zone }) => zone !== '');
  return (
    <section class="card stack" aria-labelledby="where">
      <h4 id="where">Where it lives, and why</h4>
      <ol class="reasons">
        {reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ol>
      <div class="scroll">
        <table class="places">
          <thead>
            <tr>
              <th scope="col">Preference list</th>
              <th scope="col">Node</th>
              <th scope="col">Host</th>
              {hasZones && <th scope="col">Zone</th>}
              <th scope="col">Is</th>
              <th scope="col">Is owed</th>
            </tr>
          </thead>
          <tbody>
            {places.map(({ node, role, host, zone, reach, owed }) => (
              <tr key={node} class={role.startsWith('fallback') ? 'quiet' : undefined}>
                <td>{role}</td>
                <th scope="row">
                  <NodeBadge id={node} />
                </th>
                <td>{host}</td>
                {hasZones && <td>{zone}</td>}
                <td class={`reach ${reach}`}>{reach}</td>
                <td>{owedText(owed)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function owedText(owed: number): string {
  if (owed === 0) return 'nothing';
  return owed === 1 ? 'a hint' : `${owed.toLocaleString()} hints`;
}
