/**
 * What is published, in the words of the NATS protocol. Messages without a payload, such as the event of each put, are joined
 * as text and become bytes once a turn; one by one, each costs the package four buffers.
 */
import type { PublishOptions } from '../seams/bus.js';

/** Takes bytes for the server, in order. */
export type SendBytes = (bytes: Uint8Array, ...more: Uint8Array[]) => void;

/** Characters; then they leave before the turn ends. */
const textMax = 64 * 1024;
const lineEnd = Buffer.from('\r\n');

export class Publications {
  private text = '';
  private isScheduled = false;

  constructor(private readonly send: SendBytes) {}

  /** Throws on a line break in a header. The payload must stay as it is until the end of the turn. */
  add(subject: string, payload: Uint8Array, options: PublishOptions = {}): void {
    const { reply, headers } = options;
    const to = reply === undefined || reply === '' ? subject : `${subject} ${reply}`;
    if (headers === undefined) {
      this.text += `PUB ${to} ${payload.length}\r\n`;
    } else {
      const head = headerText(headers);
      const headBytes = Buffer.byteLength(head);
      this.text += `HPUB ${to} ${headBytes} ${headBytes + payload.length}\r\n${head}`;
    }
    if (payload.length === 0) this.text += '\r\n';
    else this.sendText(payload, lineEnd);
    if (this.text.length > textMax) this.sendText();
    else if (this.text !== '') this.schedule();
  }

  /** All that was added is handed over. */
  flush(): void {
    if (this.text !== '') this.sendText();
  }

  private sendText(...behind: Uint8Array[]): void {
    const bytes = Buffer.from(this.text);
    this.text = '';
    this.send(bytes, ...behind);
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    queueMicrotask(() => {
      this.isScheduled = false;
      this.flush();
    });
  }
}

function headerText(headers: Readonly<Record<string, string>>): string {
  let text = 'NATS/1.0\r\n';
  for (const name in headers) {
    const value = headers[name]!;
    if (value.includes('\n') || value.includes('\r'))
      throw new Error(`a line break in header ${name}`);
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}
