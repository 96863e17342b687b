/** Hands what the page made to who looks, as a file. */
import { after } from './browser.js';

/** Browsers may read it some time after they were told to. */
const readMs = 10_000;

export function download(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  after(readMs, () => URL.revokeObjectURL(address));
}
