/**
 * Rings of imports, those of types among them: what imports each other can be neither read nor
 * moved alone.
 */
import { importsOf, resolveImport, type Sources } from './source-files.js';

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** Each file with those it imports, as far as they are among the sources. */
export function importGraph(sources: Sources): Graph {
  const graph = new Map<string, ReadonlySet<string>>();
  for (const [path, text] of sources) {
    const targets = importsOf(text).map((specifier) => resolveImport(path, specifier) ?? '');
    graph.set(path, new Set(targets.filter((target) => sources.has(target))));
  }
  return graph;
}

/**
 * The same graph, seen from further away: an edge between groups where a file of one imports a file
 * of the other.
 */
export function grouped(graph: Graph, groupOf: (path: string) => string): Graph {
  const groups = new Map<string, Set<string>>();
  for (const [path, targets] of graph) {
    const group = groupOf(path);
    const others = groups.get(group) ?? new Set();
    groups.set(group, others);
    for (const target of targets) if (groupOf(target) !== group) others.add(groupOf(target));
  }
  return groups;
}

/**
 * One of the shortest cycles through each edge that closes one, as `a → b → a`; each named once,
 * from its first name in order.
 */
export function cyclesIn(graph: Graph): string[] {
  const cycles = new Set<string>();
  for (const [from, targets] of graph)
    for (const to of targets) {
      const back = pathBetween(graph, to, from);
      if (back !== undefined) cycles.add(named(back));
    }
  return [...cycles].sort();
}

/** The shortest, with both ends. */
function pathBetween(graph: Graph, from: string, to: string): string[] | undefined {
  const cameFrom = new Map<string, string | undefined>([[from, undefined]]);
  // A map gives what is added while it is walked.
  for (const [node] of cameFrom) {
    if (node === to) return pathTo(node, cameFrom);
    for (const next of graph.get(node) ?? []) if (!cameFrom.has(next)) cameFrom.set(next, node);
  }
  return undefined;
}

function pathTo(end: string, cameFrom: ReadonlyMap<string, string | undefined>): string[] {
  const path: string[] = [];
  for (let node: string | undefined = end; node !== undefined; node = cameFrom.get(node))
    path.unshift(node);
  return path;
}

function named(cycle: readonly string[]): string {
  const first = cycle.indexOf([...cycle].sort()[0]!);
  const turned = [...cycle.slice(first), ...cycle.slice(0, first)];
  return [...turned, turned[0]].join(' → ');
}
