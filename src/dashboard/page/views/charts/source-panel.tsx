/** The file a machine is written in, at the line of what is looked at. */
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';

export interface SourcePanelProps {
  readonly file: string;
  readonly text: string;
  readonly line: number;
}

export function SourcePanel({ file, text, line }: SourcePanelProps) {
  const box = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => text.trimEnd().split('\n'), [text]);
  useLayoutEffect(() => {
    const at = box.current?.querySelector<HTMLElement>('.at');
    if (box.current !== null && at instanceof HTMLElement)
      box.current.scrollTop = at.offsetTop - box.current.clientHeight / 4;
  }, [text, line]);
  return (
    <section class="source" aria-label="Source">
      <p class="mono small">
        {file}:{line}
      </p>
      <div class="scroll" ref={box} tabIndex={0} role="region" aria-label={`Text of ${file}`}>
        <pre>
          {lines.map((one, index) => (
            <code key={index} class={index + 1 === line ? 'at' : undefined} data-line={index + 1}>
              {one}
              {'\n'}
            </code>
          ))}
        </pre>
      </div>
    </section>
  );
}
