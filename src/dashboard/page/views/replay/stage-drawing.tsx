/** Nodes and clients at a moment, and the messages between them as dots on their way. */
import { useMemo } from 'preact/hooks';
import { faultsAt, journeysBetween, lifeAt } from './film.js';
import type { Shown } from './shown.js';
import { dotsAt, stageOf, stageSizes, type Dot } from './stage.js';

export interface StageDrawingProps extends Shown {
  /** How many times as fast as it happened it is played. */
  readonly speed: number;
  readonly chosen: string;
  readonly choose: (node: string) => void;
}

/** A message is seen for so long, in microseconds of who looks. */
const seenUs = 260_000;
/** More dots than that are a blur. */
const dotsShown = 240;
const clientsShown = 14;
/** So many have room beside each other. */
const nodesShown = 64;

export function StageDrawing(props: StageDrawingProps) {
  const { film, nodes, atUs, speed, chosen, choose } = props;
  const ids = nodes.map(({ id }) => id).join();
  const clients = props.clients.slice(0, clientsShown);
  const stage = useMemo(() => stageOf(nodes, clients), [ids, clients.join()]);
  const leastUs = seenUs * speed;
  const flying = journeysBetween(film, { from: atUs - leastUs, to: atUs, most: dotsShown });
  const dots = dotsAt(flying, stage, { atUs, leastUs });
  const faults = faultsAt(film, atUs);
  const shown = aliveOf(props);
  return (
    <div class="scroll stage">
      <svg
        viewBox={`0 0 ${stage.width} ${stage.height}`}
        role="group"
        aria-label="Nodes and what is on its way between them"
      >
        {dots.map((dot, index) => (
          <DotDrawing key={index} dot={dot} />
        ))}
        {clients.map((client) => {
          const place = stage.places.get(client)!;
          return (
            <g key={client} class="client" transform={`translate(${place.x},${place.y})`}>
              <rect x={-20} y={-11} width={40} height={22} rx={11} />
              <text y={4} text-anchor="middle">
                {client.slice(0, 6)}
              </text>
            </g>
          );
        })}
        {shown.slice(0, nodesShown).map(({ id, name }) => {
          const place = stage.places.get(id)!;
          const life = lifeAt(film, id, atUs);
          const troubles = faults.filter(({ text }) => text.split(/[\s,]/).includes(name));
          return (
            <g
              key={name}
              class={`node ${life?.isUp === false ? 'is-down' : 'is-up'}${id === chosen ? ' chosen' : ''}`}
              transform={`translate(${place.x},${place.y})`}
              role="button"
              tabIndex={0}
              aria-pressed={id === chosen ? 'true' : 'false'}
              aria-label={`${name}: ${life?.state ?? 'not there yet'}`}
              onClick={() => choose(id)}
              onKeyDown={(event) => event.key === 'Enter' && choose(id)}
            >
              <circle r={stageSizes.node} />
              <text class="name" y={1} text-anchor="middle">
                {name}
              </text>
              <text class="state" y={14} text-anchor="middle">
                {life?.state.slice(0, 12) ?? ''}
              </text>
              {troubles.slice(0, 2).map(({ text }, index) => (
                <text key={text} class="trouble" y={42 + 13 * index} text-anchor="middle">
                  ⚡ {text.replace(/ \S+=\S+/g, '').slice(0, 18)}
                </text>
              ))}
            </g>
          );
        })}
      </svg>
      <Undrawn count={shown.length} />
    </div>
  );
}

function Undrawn({ count }: { readonly count: number }) {
  return count <= nodesShown ? null : (
    <p class="quiet small">
      {nodesShown} of {count} nodes are drawn
    </p>
  );
}

/** Of those with one name the one that has come last by then. */
function aliveOf({ nodes, film, atUs }: StageDrawingProps): StageDrawingProps['nodes'] {
  const byName = new Map<string, StageDrawingProps['nodes'][number]>();
  for (const node of nodes)
    if (!byName.has(node.name) || lifeAt(film, node.id, atUs) !== undefined)
      byName.set(node.name, node);
  return [...byName.values()];
}

function DotDrawing({ dot }: { readonly dot: Dot }) {
  const { x, y, journey } = dot;
  const { verb, isAnswer, arrivedUs } = journey;
  const look = `dot verb-${verb.replace(/\W/g, '')}${isAnswer ? ' answer' : ''}`;
  if (arrivedUs === undefined)
    return <path class={`${look} lost`} d={`M${x - 4},${y - 4}l8,8m0,-8l-8,8`} />;
  return isAnswer ? (
    <circle class={look} cx={x} cy={y} r={3.5} />
  ) : (
    <rect class={look} x={x - 4} y={y - 4} width={8} height={8} />
  );
}
