/** The ring with what is said of it: how far a move is, and one partition's owners. */
import { useMemo } from 'preact/hooks';
import type { ClusterPicture, RingPicture } from '../../../wire.js';
import { NodeBadge } from '../../parts/node-badge.tsx';
import type { Focus } from './focus.js';
import { Ring } from './ring.tsx';
import { partitionFacts, ringDrawing, type RingDrawing } from './ring-model.js';
import { differingPartitions, hintFlows } from './sight-model.js';

export interface RingCardProps {
  readonly picture: ClusterPicture;
  readonly focus: Focus;
  readonly lit: ReadonlySet<string>;
  readonly point: (focus: Focus | undefined) => void;
  readonly choose: (focus: Focus) => void;
}

export function RingCard(props: RingCardProps) {
  const { ring } = props.picture;
  return (
    <section class="card stack ring-card" aria-labelledby="cluster-ring">
      <h2 id="cluster-ring">Ring</h2>
      {ring === null ? (
        <p class="quiet">No node has told where partitions lie.</p>
      ) : (
        <Shown {...props} ring={ring} />
      )}
    </section>
  );
}

function Shown({ ring, ...props }: RingCardProps & { readonly ring: RingPicture }) {
  const { picture, focus, choose } = props;
  const drawing = useMemo(() => ringDrawing(ring), [ring]);
  const differing = differingPartitions(picture);
  const hints = hintFlows(picture).reduce((sum, { count }) => sum + count, 0);
  return (
    <>
      <p class="row small quiet">
        <span>{drawing.partitions} partitions</span>
        <span>N {drawing.n}</span>
        <span>layout {drawing.layout}</span>
        <span>outside the first owner, inwards the next</span>
        {differing.size > 0 && (
          <span class="tone-bad">
            ≠ {differing.size} {differing.size === 1 ? 'partition differs' : 'partitions differ'}
          </span>
        )}
        {hints > 0 && (
          <span class="hints-said">
            {hints.toLocaleString()} {hints === 1 ? 'hint waits' : 'hints wait'}
          </span>
        )}
      </p>
      <MoveProgress drawing={drawing} />
      <Ring {...props} ring={ring} drawing={drawing} differing={differing} />
      <Partition
        ring={ring}
        differing={differing}
        partitions={drawing.partitions}
        partition={focus.kind === 'partition' ? focus.partition : undefined}
        choose={choose}
      />
    </>
  );
}

function MoveProgress({ drawing }: { readonly drawing: RingDrawing }) {
  const { progress } = drawing;
  if (progress === undefined || progress.total === 0) return null;
  const { done, total, nodes } = progress;
  return (
    <div class="move-progress">
      <label>
        {done} of {total} partitions that move have moved
        <progress value={done} max={total} />
      </label>
      <p class="small quiet">around the ring: thin what is still to move, thick what has moved</p>
      <p class="row small">
        {nodes
          .filter(({ incoming }) => incoming.total > 0)
          .map(({ id, incoming }) => (
            <span key={id}>
              to <NodeBadge id={id} /> {incoming.done}/{incoming.total}
            </span>
          ))}
      </p>
    </div>
  );
}

const courses = { stays: '', moves: 'it moves', moved: 'it has moved' } as const;

function Partition({
  ring,
  differing,
  partitions,
  partition,
  choose,
}: {
  readonly ring: RingPicture;
  readonly differing: ReadonlyMap<number, readonly string[]>;
  readonly partitions: number;
  readonly partition: number | undefined;
  readonly choose: (focus: Focus) => void;
}) {
  const facts = partition === undefined ? undefined : partitionFacts(ring, partition);
  return (
    <div class="partition-facts">
      <label class="row">
        Partition
        <input
          type="number"
          min={0}
          max={partitions - 1}
          value={partition ?? ''}
          placeholder={`0–${partitions - 1}`}
          onInput={({ currentTarget: { valueAsNumber: value } }) => {
            if (Number.isInteger(value) && value >= 0 && value < partitions)
              choose({ kind: 'partition', partition: value });
          }}
        />
        {facts !== undefined && <span class="quiet">{courses[facts.course]}</span>}
      </label>
      {facts === undefined ? (
        <p class="quiet small">Point at the ring, or step along it with the arrow keys.</p>
      ) : (
        <dl>
          <Owners title="owners" ids={facts.primaries} />
          <Owners title="to be owners" ids={facts.incoming} />
          <Owners title="fallbacks, in turn" ids={facts.fallbacks} />
          <Owners title="differs, as know" ids={differing.get(facts.partition) ?? []} />
        </dl>
      )}
    </div>
  );
}

function Owners({ title, ids }: { readonly title: string; readonly ids: readonly string[] }) {
  if (ids.length === 0) return null;
  return (
    <div>
      <dt>{title}</dt>
      <dd class="row">
        {ids.map((id) => (
          <NodeBadge key={id} id={id} />
        ))}
      </dd>
    </div>
  );
}
