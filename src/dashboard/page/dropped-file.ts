/** A trace file that is dropped anywhere on the page. */
import { useEffect } from 'preact/hooks';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { TraceFileReader } from '../../insight/note-reader.js';
import { after, elapsedMs, onFrame } from './parts/browser.js';
import { FileSource } from './file-source.js';
import { askedCharts } from './live-source.js';
import { bytesText } from './parts/quantity.js';
import type { Source } from './source.js';

/** Throws an `Error` that says what is wrong with it. */
export async function sourceOfFile(file: File): Promise<Source> {
  const { traceFileBytesMax, traceFilePieceBytes } = dashboardLimits;
  if (file.size > traceFileBytesMax)
    throw new Error(
      `it has ${bytesText(file.size)}, and the page takes ${bytesText(traceFileBytesMax)} at most. Its first lines alone are a trace file too.`,
    );
  const reader = new TraceFileReader();
  const decoder = new TextDecoder();
  for (let at = 0; at < file.size; at += traceFilePieceBytes) {
    const piece = await file.slice(at, at + traceFilePieceBytes).arrayBuffer();
    reader.take(decoder.decode(piece, { stream: true }));
    // So that what moves goes on moving.
    await new Promise<void>((resolve) => after(0, resolve));
  }
  reader.take(decoder.decode());
  const read = reader.end();
  const { about } = read.head;
  const title = about === undefined ? file.name : about;
  return new FileSource(title, read, askedCharts, { elapsedMs, onFrame });
}

/** As it is said to who wanted to see it. */
export function refusalText(name: string, error: unknown): string {
  return `${name} can’t be shown: ${error instanceof Error ? error.message : String(error)}`;
}

export function useDroppedFiles(take: (file: File) => void): void {
  useEffect(() => {
    const { documentElement: page } = document;
    const over = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault();
      page.classList.add('dropping');
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) page.classList.remove('dropping');
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      page.classList.remove('dropping');
      const [file] = event.dataTransfer?.files ?? [];
      if (file !== undefined) take(file);
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, [take]);
}
