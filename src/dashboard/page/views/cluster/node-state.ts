/** How a node is, in a word, with a sign beside the colour. */
import type { NodePicture } from '../../../wire.js';
import type { Tone } from './event-kinds.js';
import { isSilent } from './sight-model.js';

export interface NodeState {
  readonly word: string;
  readonly sign: string;
  readonly tone: Tone;
}

/** As the story has them. */
const halts = {
  stopped: { sign: '✕', tone: 'bad' },
  paused: { sign: '‖', tone: 'warn' },
  disconnected: { sign: '⌁', tone: 'warn' },
} as const;

export function nodeState(node: NodePicture): NodeState {
  const state = stateAlone(node);
  return node.isLeaving && !node.isRemoved ? { ...state, word: `${state.word}, leaving` } : state;
}

function stateAlone(node: NodePicture): NodeState {
  const { isRemoved, process, reach, status } = node;
  if (isRemoved) return { word: 'removed', sign: '⌀', tone: 'quiet' };
  if (process !== undefined && process.state !== 'running')
    return { word: process.state, ...halts[process.state] };
  if (reach === 'down') return { word: 'down', sign: '✕', tone: 'bad' };
  if (reach === 'suspect') return { word: 'suspect', sign: '?', tone: 'warn' };
  // Only a live cluster has statuses: in a file nobody is asked.
  if (status === null) return { word: 'alive', sign: '●', tone: 'good' };
  if (isSilent(node)) return { word: 'no answer', sign: '?', tone: 'warn' };
  if (status.status === 'serving') return { word: 'serving', sign: '●', tone: 'good' };
  return { word: wordsOf(status.status), sign: '◐', tone: 'warn' };
}

/** `readOnly`: read only */
function wordsOf(state: string): string {
  return state.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
