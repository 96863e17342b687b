/** What the story goes by: how its key and its nodes are, as the nodes themselves say. */

export interface StoryFacts {
  readonly nodes: readonly NodeFact[];
  /** Ids, the first of the preference list first. */
  readonly primaries: readonly string[];
  /** Those of living holders: what a dead one owes nobody can see. */
  readonly hints: readonly HintFact[];
}

export interface NodeFact {
  readonly id: string;
  readonly name: string;
  /** All that live say so. */
  readonly isDown: boolean;
  /** What it holds of the key as text; undefined: it did not say. */
  readonly values: readonly string[] | undefined;
}

export interface HintFact {
  readonly holder: string;
  readonly target: string;
  readonly count: number;
}

export function nodeFact(facts: StoryFacts, id: string | undefined): NodeFact | undefined {
  return facts.nodes.find((node) => node.id === id);
}

export function nameIn(facts: StoryFacts | undefined, id: string | undefined): string {
  return facts?.nodes.find((node) => node.id === id)?.name ?? 'a node';
}

/** Exactly these values, in whatever order. */
export function holds(
  facts: StoryFacts,
  id: string | undefined,
  values: readonly string[],
): boolean {
  const held = nodeFact(facts, id)?.values;
  return held !== undefined && sameTexts(held, values);
}

/** Each primary that lives holds these, and one does live. */
export function livingPrimariesHold(facts: StoryFacts, values: readonly string[]): boolean {
  const living = facts.primaries.filter((id) => nodeFact(facts, id)?.isDown === false);
  return living.length > 0 && living.every((id) => holds(facts, id, values));
}

export function isDown(facts: StoryFacts, id: string | undefined): boolean {
  return nodeFact(facts, id)?.isDown === true;
}

export function downPrimary(facts: StoryFacts): string | undefined {
  return facts.primaries.find((id) => isDown(facts, id));
}

/** Who owes the target something, and lives. */
export function hintFor(facts: StoryFacts, target: string | undefined): HintFact | undefined {
  return facts.hints.find((hint) => hint.target === target && hint.count > 0);
}

/** Nobody is down, nobody owes anything. */
export function isQuiet(facts: StoryFacts): boolean {
  return facts.nodes.every((node) => !node.isDown) && facts.hints.every((hint) => hint.count === 0);
}

function sameTexts(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.toSorted().join('\0') === right.toSorted().join('\0');
}
