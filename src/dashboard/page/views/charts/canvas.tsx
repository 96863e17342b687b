/**
 * A window onto a drawing: it is moved by dragging, wheel and arrow keys, and zoomed by pinching,
 * Ctrl and wheel, `+` and `-`. `0` shows all of it.
 */
import type { ComponentChildren } from 'preact';
import { useCallback, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { firstCamera, panned, wholeCamera, zoomed, type Camera, type Size } from './camera.js';

export interface CanvasProps {
  readonly label: string;
  readonly drawing: Size;
  /** Where it begins, in the drawing. */
  readonly begin: Place | undefined;
  readonly children: ComponentChildren;
}

const step = 1.25;
const stride = 60;

export function Canvas({ label, drawing, begin, children }: CanvasProps) {
  const frame = useRef<HTMLDivElement>(null);
  const moved = useRef<SVGGElement>(null);
  const mover = useMemo(() => new Mover(), []);
  useLayoutEffect(() => {
    mover.shows(frame.current!, moved.current!, drawing, begin);
    const observer = new ResizeObserver(() => mover.resized());
    observer.observe(frame.current!);
    const wheel = (event: WheelEvent): void => mover.wheel(event);
    // Not passive: the page would scroll or zoom as well.
    frame.current!.addEventListener('wheel', wheel, { passive: false });
    const element = frame.current!;
    return () => {
      observer.disconnect();
      element.removeEventListener('wheel', wheel);
    };
  }, [drawing, begin, mover]);
  const onKeyDown = useCallback((event: KeyboardEvent) => mover.key(event), [mover]);
  return (
    <div
      class="canvas"
      ref={frame}
      role="group"
      aria-label={`${label}. Arrow keys move it, plus and minus zoom, 0 shows all of it.`}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => mover.down(event)}
      onPointerMove={(event) => mover.move(event)}
      onPointerUp={(event) => mover.up(event)}
      onPointerCancel={(event) => mover.up(event)}
    >
      <svg width="100%" height="100%" aria-hidden={false}>
        <g ref={moved}>{children}</g>
      </svg>
      <div class="zoom">
        <button type="button" aria-label="Smaller" onClick={() => mover.zoom(1 / step)}>
          −
        </button>
        <button type="button" aria-label="Larger" onClick={() => mover.zoom(step)}>
          +
        </button>
        <button type="button" onClick={() => mover.whole()}>
          All
        </button>
      </div>
    </div>
  );
}

interface Place {
  readonly x: number;
  readonly y: number;
}

/** Moves the drawing without drawing it anew. */
class Mover {
  private frame: HTMLElement | undefined;
  private moved: SVGGElement | undefined;
  private drawing: Size = { width: 1, height: 1 };
  private begin: Place | undefined;
  private window: Size = { width: 0, height: 0 };
  private camera: Camera | undefined;
  private isByHand = false;
  private readonly pointers = new Map<number, Place>();
  private pressedAt: Place | undefined;

  shows(frame: HTMLElement, moved: SVGGElement, drawing: Size, begin: Place | undefined): void {
    if (drawing !== this.drawing) this.isByHand = false;
    this.frame = frame;
    this.moved = moved;
    this.drawing = drawing;
    this.begin = begin;
    this.resized();
  }

  resized(): void {
    const { clientWidth: width = 0, clientHeight: height = 0 } = this.frame ?? {};
    if (width === 0 || height === 0) return;
    this.window = { width, height };
    if (!this.isByHand) this.set(firstCamera(this.drawing, this.window, this.begin));
  }

  whole(): void {
    this.isByHand = true;
    this.set(wholeCamera(this.drawing, this.window));
  }

  zoom(factor: number, at: Place = { x: this.window.width / 2, y: this.window.height / 2 }): void {
    if (this.camera === undefined) return;
    this.isByHand = true;
    this.set(zoomed(this.camera, factor, at));
  }

  key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const way = ways[event.key];
    if (way !== undefined) this.pan({ x: way.x * stride, y: way.y * stride });
    else if (event.key === '+' || event.key === '=') this.zoom(step);
    else if (event.key === '-') this.zoom(1 / step);
    else if (event.key === '0') this.whole();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  wheel(event: WheelEvent): void {
    event.preventDefault();
    const factor = event.deltaMode === 1 ? 16 : 1;
    if (event.ctrlKey || event.metaKey)
      this.zoom(Math.exp((-event.deltaY * factor) / 240), this.placeOf(event));
    else this.pan({ x: -event.deltaX * factor, y: -event.deltaY * factor });
  }

  down(event: PointerEvent): void {
    if (event.button !== 0 || (event.target as Element).closest('.zoom') !== null) return;
    this.pointers.set(event.pointerId, this.placeOf(event));
    this.pressedAt = this.placeOf(event);
  }

  move(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (before === undefined) return;
    const now = this.placeOf(event);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    // A click trembles; only who leaves the spot drags, and takes the pointer from what it is on.
    if (this.pressedAt !== undefined && distance(this.pressedAt, now) < 4) return;
    this.pressedAt = undefined;
    this.frame?.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, now);
    if (other === undefined) this.pan({ x: now.x - before.x, y: now.y - before.y });
    else this.zoom(distance(now, other) / (distance(before, other) || 1), other);
  }

  up(event: PointerEvent): void {
    this.pointers.delete(event.pointerId);
  }

  private pan(by: Place): void {
    if (this.camera === undefined) return;
    this.isByHand = true;
    this.set(panned(this.camera, by, this.drawing, this.window));
  }

  private set(camera: Camera): void {
    this.camera = camera;
    const { x, y, scale } = camera;
    this.moved?.setAttribute('transform', `translate(${x} ${y}) scale(${scale})`);
  }

  private placeOf({ clientX, clientY }: MouseEvent): Place {
    const { left = 0, top = 0 } = this.frame?.getBoundingClientRect() ?? {};
    return { x: clientX - left, y: clientY - top };
  }
}

const ways: Readonly<Record<string, Place>> = {
  ArrowLeft: { x: 1, y: 0 },
  ArrowRight: { x: -1, y: 0 },
  ArrowUp: { x: 0, y: 1 },
  ArrowDown: { x: 0, y: -1 },
};

function distance(a: Place, b: Place): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
