/** The view that is shown and what it shows, as the address has it: `#/keys/greetings/hello`. */
export const viewNames = ['cluster', 'charts', 'request', 'keys', 'story', 'replay'] as const;

export type ViewName = (typeof viewNames)[number];

export interface Route {
  readonly view: ViewName;
  readonly path: readonly string[];
}

export function routeOf(hash: string): Route {
  const [name, ...path] = hash
    .replace(/^#?\/?/, '')
    .split('/')
    .map(decoded);
  const view = viewNames.find((one) => one === name) ?? 'cluster';
  return { view, path: path.filter((part) => part !== '') };
}

export function hashOf(view: ViewName, ...path: readonly string[]): string {
  return `#/${[view, ...path].map(encodeURIComponent).join('/')}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
