/** Which part of a drawing is seen, and how large. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Camera {
  /** Where the drawing's corner is in the window. */
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

/** Beyond these nothing can be read or found. */
const smallest = 0.12;
const largest = 3;
/** Text is read down to this scale: a drawing that is too large for it is seen from its top. */
const readable = 0.66;
const largestAtFirst = 1.15;
const margin = 16;

/** All of it, or as much as can be read, with where it begins in the middle. */
export function firstCamera(
  drawing: Size,
  window: Size,
  begin: { readonly x: number; readonly y: number } | undefined,
): Camera {
  const whole = wholeScale(drawing, window);
  const camera = placedAt(drawing, window, Math.min(Math.max(whole, readable), largestAtFirst));
  if (begin === undefined) return camera;
  const { scale } = camera;
  const along = (at: number, window: number, drawing: number, before: number): number => {
    const last = window - margin - drawing * scale;
    return last >= margin ? before : between(window / 2 - at * scale, last, margin);
  };
  return {
    scale,
    x: along(begin.x, window.width, drawing.width, camera.x),
    y: along(begin.y, window.height, drawing.height, camera.y),
  };
}

export function wholeCamera(drawing: Size, window: Size): Camera {
  const scale = Math.min(Math.max(wholeScale(drawing, window), smallest), largestAtFirst);
  return placedAt(drawing, window, scale);
}

function wholeScale(drawing: Size, window: Size): number {
  const across = (window.width - 2 * margin) / drawing.width;
  const down = (window.height - 2 * margin) / drawing.height;
  return Math.min(across, down);
}

/** In the middle where it fits, else from its beginning. */
function placedAt(drawing: Size, window: Size, scale: number): Camera {
  const x = Math.max(margin, (window.width - drawing.width * scale) / 2);
  const y = Math.max(margin, (window.height - drawing.height * scale) / 2);
  return { x, y, scale };
}

/** The point of the window stays where it is. */
export function zoomed(
  { x, y, scale }: Camera,
  factor: number,
  at: { readonly x: number; readonly y: number },
): Camera {
  const next = Math.min(Math.max(scale * factor, smallest), largest);
  const ratio = next / scale;
  return { x: at.x - (at.x - x) * ratio, y: at.y - (at.y - y) * ratio, scale: next };
}

/** Some of the drawing stays in the window. */
export function panned(
  { x, y, scale }: Camera,
  by: { readonly x: number; readonly y: number },
  drawing: Size,
  window: Size,
): Camera {
  const kept = 48;
  return {
    x: between(x + by.x, kept - drawing.width * scale, window.width - kept),
    y: between(y + by.y, kept - drawing.height * scale, window.height - kept),
    scale,
  };
}

function between(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
