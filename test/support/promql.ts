/** What a query of Prometheus names, by the grammar of Prometheus' own editor. */
import { createRequire } from 'node:module';
import type { LRParser } from '@lezer/lr';

// As CommonJS: its module for `import` is not marked as one.
const { parser } = createRequire(import.meta.url)('@prometheus-io/lezer-promql') as {
  parser: LRParser;
};

export interface NamedSeries {
  readonly metric: string;
  /** Of its selector: label to value, without the sign between. */
  readonly labels: Readonly<Record<string, string>>;
  /** A function is given a range of it. */
  readonly isRange: boolean;
  /** The innermost function it is an argument of; '' for none. */
  readonly within: string;
}

/** Grafana's variables of time, as Grafana puts them in. */
export function filledIn(query: string): string {
  return query.replaceAll('$__rate_interval', '5m').replaceAll('$__interval', '1m');
}

/** Throws where it is no query. */
export function seriesOf(query: string): NamedSeries[] {
  const found: NamedSeries[] = [];
  const functions: { readonly name: string; readonly to: number }[] = [];
  let rangeTo = 0;
  parser.parse(query).iterate({
    enter: ({ name, from, to, node }) => {
      if (node.type.isError) throw new Error(`no query, at ${from}: ${query}`);
      if (name === 'FunctionCall') {
        functions.push({ name: /^\w+/.exec(query.slice(from))![0], to });
      } else if (name === 'MatrixSelector') {
        rangeTo = to;
      } else if (name === 'VectorSelector') {
        const text = query.slice(from, to);
        const labels = text.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g);
        found.push({
          metric: /^[\w:]+/.exec(text)?.[0] ?? '',
          labels: Object.fromEntries(Array.from(labels, ([, label, value]) => [label, value])),
          isRange: to <= rangeTo,
          within: functions.findLast((call) => call.to >= to)?.name ?? '',
        });
      }
    },
  });
  if (found.length === 0) throw new Error(`it names no metric: ${query}`);
  return found;
}
