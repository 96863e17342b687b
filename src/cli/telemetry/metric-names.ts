/** Instruments by the names, units and texts that Prometheus' community has rules for. */
import type { InstrumentDescription } from '../../seams/metrics.js';

export interface PrometheusMetric {
  readonly name: string;
  readonly kind: InstrumentDescription['kind'];
  readonly help: string;
  /** Of Prometheus' unit, one of the instrument's: times are seconds there. */
  readonly scale: number;
}

const milli = 1 / 1_000;

/**
 * `store.memtableBytes` → `quorate_store_memtable_bytes`; `api.answerMs` →
 * `quorate_api_answer_seconds`; what only rises ends with `_total`.
 */
export function prometheusMetric(instrument: InstrumentDescription): PrometheusMetric {
  const { name, kind, help } = instrument;
  const snake = name.replace('.', '_').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const isTime = snake.endsWith('_ms');
  const inUnit = isTime ? snake.replace(/_ms$/, '_seconds') : snake;
  return {
    name: `quorate_${inUnit}${kind === 'counter' ? '_total' : ''}`,
    kind,
    help: sentence(help),
    scale: isTime ? milli : 1,
  };
}

/** Help texts of instruments stand in tables; here each stands by itself. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
