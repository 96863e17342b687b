/** The time of the browser, in one place: nothing else of the page asks for it. */

/** Ms since 1970. */
export function nowMs(): number {
  return Date.now();
}

/** Ms since the page was opened, for what is measured or moves. */
export function elapsedMs(): number {
  return performance.now();
}

/** Before the next frame is drawn; never while the page is hidden. */
export function onFrame(work: (atMs: number) => void): () => void {
  const id = requestAnimationFrame(work);
  return () => cancelAnimationFrame(id);
}

export function after(ms: number, work: () => void): () => void {
  const id = setTimeout(work, ms);
  return () => clearTimeout(id);
}
