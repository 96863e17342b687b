/**
 * Clocks of two machines differ by more than a message takes. Where messages between two show it,
 * the notes of one are moved as little as it takes that nothing is received before it was sent.
 */
import type { MessageNote, Note } from './notes.js';

/** In the order of their times; those of `reference` stay where they are. */
export function aligned(notes: readonly Note[], reference: string): Note[] {
  const moved: Note[] = [];
  const shifts = new Map<string, number>([[reference, 0]]);
  for (const note of notes) {
    let shift = shifts.get(note.node);
    if (shift === undefined) {
      shift = shiftOf(notes, reference, note.node);
      shifts.set(note.node, shift);
    }
    moved.push(shift === 0 ? note : { ...note, atUs: Math.max(0, note.atUs + shift) });
  }
  return moved.sort((a, b) => a.atUs - b.atUs);
}

function shiftOf(notes: readonly Note[], reference: string, node: string): number {
  let least = -Infinity;
  let most = Infinity;
  const messages = notes.filter((note) => note.kind === 'message');
  for (const sent of messages) {
    if (sent.way !== 'sent') continue;
    const received = messages.find((other) => isOtherEnd(sent, other));
    if (received === undefined) continue;
    const takesUs = received.atUs - sent.atUs;
    if (sent.node === reference && received.node === node) least = Math.max(least, -takesUs);
    if (sent.node === node && received.node === reference) most = Math.min(most, takesUs);
  }
  if (least > most) return Math.round((least + most) / 2);
  return Math.round(Math.min(Math.max(0, least), most));
}

function isOtherEnd(sent: MessageNote, other: MessageNote): boolean {
  return (
    other.way === 'received' &&
    other.node === sent.peer &&
    other.peer === sent.node &&
    other.call === sent.call &&
    other.answers === sent.answers
  );
}
