/** Goes along a time axis as it is drawn: as long over a gap as it is wide. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { elapsedMs, onFrame } from './browser.js';
import type { TimeAxis } from './time-axis.js';

export interface Playback {
  readonly atUs: number;
  readonly isPlaying: boolean;
  /** 1: all of it in some seconds. */
  readonly speed: number;
  readonly seek: (atUs: number) => void;
  readonly play: () => void;
  readonly pause: () => void;
  readonly setSpeed: (speed: number) => void;
}

/** All of it takes so long at speed 1. */
const wholeSeconds = 8;

/** At its end, with all of it to be seen, whenever the axis is another one: `name` says whose. */
export function usePlayback(axis: TimeAxis, name: string): Playback {
  const [drawn, setDrawn] = useState(axis.length);
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);
  useEffect(() => {
    setPlaying(false);
    setDrawn(Number.POSITIVE_INFINITY);
  }, [name]);
  useEffect(() => {
    if (!isPlaying) return undefined;
    let beforeMs = elapsedMs();
    let stop = (): void => {};
    const step = (): void => {
      const ms = elapsedMs();
      const by = (((ms - beforeMs) / 1000) * speed * axis.length) / wholeSeconds;
      beforeMs = ms;
      setDrawn((before) => Math.min(axis.length, before + by));
      stop = onFrame(step);
    };
    stop = onFrame(step);
    return () => stop();
  }, [isPlaying, speed, axis]);
  const at = Math.min(drawn, axis.length);
  useEffect(() => {
    if (isPlaying && at >= axis.length) setPlaying(false);
  }, [isPlaying, at, axis]);
  return useMemo(
    () => ({
      atUs: axis.moment(at),
      isPlaying,
      speed,
      seek: (atUs: number) => {
        setPlaying(false);
        setDrawn(axis.drawn(atUs));
      },
      play: () => {
        setDrawn((before) => (before >= axis.length ? 0 : before));
        setPlaying(true);
      },
      pause: () => setPlaying(false),
      setSpeed,
    }),
    [at, axis, isPlaying, speed],
  );
}
