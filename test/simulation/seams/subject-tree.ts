/**
 * Which subscriptions match a subject, with NATS' wildcards: `*` one token, `>` one or more at the
 * end.
 */
interface Level<T> {
  readonly children: Map<string, Level<T>>;
  readonly here: T[];
  readonly tail: T[];
}

export class SubjectTree<T extends { readonly order: number }> {
  private readonly root: Level<T> = level();
  private readonly cache = new Map<string, readonly T[]>();

  add(subject: string, item: T): void {
    this.cache.clear();
    this.listOf(subject).push(item);
  }

  remove(subject: string, item: T): void {
    this.cache.clear();
    const list = this.listOf(subject);
    const at = list.indexOf(item);
    if (at >= 0) list.splice(at, 1);
  }

  /** In the order in which they were added. */
  match(subject: string): readonly T[] {
    const known = this.cache.get(subject);
    if (known !== undefined) return known;
    const found: T[] = [];
    collect(this.root, subject.split('.'), 0, found);
    found.sort((a, b) => a.order - b.order);
    if (this.cache.size > 10_000) this.cache.clear();
    this.cache.set(subject, found);
    return found;
  }

  private listOf(subject: string): T[] {
    let at = this.root;
    for (const token of subject.split('.')) {
      if (token === '>') return at.tail;
      let next = at.children.get(token);
      if (next === undefined) at.children.set(token, (next = level()));
      at = next;
    }
    return at.here;
  }
}

function level<T>(): Level<T> {
  return { children: new Map(), here: [], tail: [] };
}

function collect<T>(at: Level<T>, tokens: readonly string[], index: number, found: T[]): void {
  if (index === tokens.length) {
    found.push(...at.here);
    return;
  }
  found.push(...at.tail);
  const exact = at.children.get(tokens[index]!);
  if (exact !== undefined) collect(exact, tokens, index + 1, found);
  const any = at.children.get('*');
  if (any !== undefined) collect(any, tokens, index + 1, found);
}
