/** A node as it is named everywhere: its form in its colour, and its name. */
import './node-badge.css';
import { formPaths } from './node-forms.js';
import { nodeMarks } from './node-marks.js';

export function NodeBadge({ id }: { readonly id: string }) {
  const { name, token, form } = nodeMarks.of(id);
  return (
    <span class="node-badge">
      <svg viewBox="0 0 16 16" aria-hidden="true" style={{ color: `var(${token})` }}>
        <path d={formPaths[form]} fill="currentColor" />
      </svg>
      {name}
    </span>
  );
}
