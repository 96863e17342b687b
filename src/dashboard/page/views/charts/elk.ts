/** ELK in this thread: a chart is laid out once. */
import ELK from 'elkjs/lib/elk.bundled.js';
import type { Layout } from './placing.js';

const elk = new ELK();

export const layout: Layout = (graph) => elk.layout(graph);
