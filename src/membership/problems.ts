/**
 * What an operator must know and the node can't mend itself; each is reported once until it is
 * cleared.
 */
export class Problems {
  private readonly open = new Map<string, string>();
  private readonly listeners: ((text: string) => void)[] = [];
  private readonly clearListeners: ((text: string) => void)[] = [];

  /** `about` names the problem: the same one again is no news. */
  report(about: string, text: string): void {
    if (this.open.get(about) === text) return;
    this.open.set(about, text);
    for (const listener of this.listeners) listener(text);
  }

  clear(about: string): void {
    const text = this.open.get(about);
    if (text === undefined) return;
    this.open.delete(about);
    for (const listener of this.clearListeners) listener(text);
  }

  isOpen(about: string): boolean {
    return this.open.has(about);
  }

  texts(): string[] {
    return [...this.open.values()];
  }

  onReport(listener: (text: string) => void): void {
    this.listeners.push(listener);
  }

  onClear(listener: (text: string) => void): void {
    this.clearListeners.push(listener);
  }
}
