/** A trace file that is dropped anywhere on the page. */
import { useEffect } from 'preact/hooks';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { readTraceFile } from '../../insight/note-reader.js';
import { FileSource } from './file-source.js';
import { askedCharts } from './live-source.js';
import type { Source } from './source.js';

/** Throws an `Error` that says what is wrong with it. */
export async function sourceOfFile(file: File): Promise<Source> {
  if (file.size > dashboardLimits.traceFileBytesMax) throw new Error('It is too large.');
  return new FileSource(file.name, readTraceFile(await file.text()), askedCharts);
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
