/**
 * The word that somebody hangs, as this node passes it on. Whoever is told it marks what it does,
 * whatever it thinks of that one itself: so it is to reach all before anybody meets elsewhere
 * (`actors/rules/listening.ts`). It says for how many beats more it goes on, one less with each who
 * passes it on and with each beat, and so ends when nobody says it of itself any more: also where
 * nodes answer each other between their beats.
 */
import { beatsUntilAllWereTold } from '../../actors/rules/listening.js';

export class HangingWord {
  private toldBeats = 0;

  hear(beats: number): void {
    this.toldBeats = Math.max(this.toldBeats, beats - 1);
  }

  /** After others were told with a beat. */
  beat(): void {
    this.toldBeats = Math.max(0, this.toldBeats - 1);
  }

  /** `isOwn`: this node itself takes somebody for hung. 0: nothing is said. */
  beats(nodes: number, isOwn: boolean): number {
    return isOwn ? beatsUntilAllWereTold(nodes) : this.toldBeats;
  }
}
