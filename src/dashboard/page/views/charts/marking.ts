/**
 * Marks in a drawing what is lit and what was taken. It finds the elements once and then only
 * changes their classes, so that it keeps up with the frames of a screen.
 */
export interface Marks {
  /** Ids of states. */
  readonly lit: ReadonlySet<string>;
  /** Ids of transitions. */
  readonly taken: ReadonlySet<string>;
  /** Id of a state. */
  readonly chosen: string | undefined;
}

export class Marking {
  private readonly states = new Map<string, Element[]>();
  private readonly transitions = new Map<string, Element[]>();
  private marks: Marks = { lit: new Set(), taken: new Set(), chosen: undefined };

  constructor(drawing: Element) {
    for (const element of drawing.querySelectorAll<SVGElement>('[data-state]'))
      add(this.states, element.dataset['state'] ?? '', element);
    for (const element of drawing.querySelectorAll<SVGElement>('[data-transitions]'))
      for (const id of JSON.parse(element.dataset['transitions'] ?? '[]') as string[])
        add(this.transitions, id, element);
  }

  /** `isStep`: something happened, so it is shown to have moved. */
  show(marks: Marks, isStep: boolean): void {
    const before = this.marks;
    this.marks = marks;
    turn(this.states, 'lit', before.lit, marks.lit);
    turn(this.transitions, 'taken', before.taken, marks.taken);
    turn(this.states, 'chosen', setOf(before.chosen), setOf(marks.chosen));
    if (isStep && !prefersStillness()) for (const id of marks.taken) this.pulse(id);
  }

  private pulse(id: string): void {
    for (const element of this.transitions.get(id) ?? [])
      element
        .querySelector('.pulse')
        ?.animate(
          { strokeDashoffset: ['30', '-100'], opacity: ['1', '1'] },
          { duration: 240, easing: 'ease-in-out' },
        );
  }
}

function turn(
  elements: ReadonlyMap<string, readonly Element[]>,
  name: string,
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): void {
  for (const id of before)
    if (!after.has(id))
      for (const element of elements.get(id) ?? []) element.classList.remove(name);
  for (const id of after)
    if (!before.has(id)) for (const element of elements.get(id) ?? []) element.classList.add(name);
}

function add(elements: Map<string, Element[]>, id: string, element: Element): void {
  const known = elements.get(id);
  if (known === undefined) elements.set(id, [element]);
  else known.push(element);
}

function setOf(id: string | undefined): ReadonlySet<string> {
  return new Set(id === undefined ? [] : [id]);
}

function prefersStillness(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
