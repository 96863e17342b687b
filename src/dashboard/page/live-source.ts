/** What the server tells, as it happens, and what it is asked. */
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { after } from './parts/browser.js';
import type {
  ChartDefinition,
  ClusterPicture,
  Greeting,
  KeyAnswer,
  KeyPicture,
  KeysPage,
  Note,
  NoteBatch,
  Sampling,
  TraceSummary,
} from '../wire.js';
import { UnansweredError, type LiveCluster, type Source, type SourceListener } from './source.js';

/** Events of the stream, by their names. */
interface Told {
  readonly greeting: Greeting;
  readonly cluster: ClusterPicture;
  readonly notes: NoteBatch;
}

export class LiveSource implements Source {
  readonly kind = 'live';
  readonly title = location.host;
  readonly cluster: LiveCluster;
  private events: EventSource | undefined;
  private stopWaiting = (): void => {};
  private process: string | undefined;

  constructor(private readonly token: string) {
    this.cluster = {
      keys: (bucket, from) =>
        asked<KeysPage>(`/api/keys/${encodeURIComponent(bucket)}?${query({ after: from })}`),
      key: (bucket, key) => asked<KeyPicture>(`/api/key?${query({ bucket, key })}`),
      put: (request) => this.post<KeyAnswer>('/api/put', request),
      get: (request) => this.post<KeyAnswer>('/api/get', request),
      delete: (request) => this.post<KeyAnswer>('/api/delete', request),
      sampling: () => asked<Sampling>('/api/sampling'),
      sample: (sampling) => this.post<Sampling>('/api/sample', sampling),
      break: (request) => this.post<void>('/api/break', request),
    };
  }

  open(listener: SourceListener): void {
    listener.connected('connecting');
    const events = new EventSource('/api/stream');
    this.events = events;
    events.addEventListener('open', () => listener.connected('open'));
    events.addEventListener('error', () => {
      listener.connected('lost');
      // It connects again by itself, but where it was answered that it may not.
      if (events.readyState === EventSource.CLOSED)
        this.stopWaiting = after(dashboardLimits.streamAgainMs, () => this.open(listener));
    });
    const on = <Name extends keyof Told>(name: Name, hear: (told: Told[Name]) => void): void =>
      events.addEventListener(name, ({ data }: MessageEvent<string>) =>
        hear(JSON.parse(data) as Told[Name]),
      );
    on('greeting', (greeting) => {
      // Another process has another page, and takes nothing from this one.
      if (this.process !== undefined && this.process !== greeting.process) location.reload();
      this.process = greeting.process;
      listener.greeted(greeting);
    });
    on('cluster', (picture) => listener.pictured(picture));
    on('notes', (batch) => listener.noted(batch));
  }

  close(): void {
    this.stopWaiting();
    this.events?.close();
    this.events = undefined;
  }

  charts(): Promise<readonly ChartDefinition[]> {
    return askedCharts();
  }

  timeline(): Promise<readonly Note[]> {
    return asked('/api/timeline');
  }

  traces(): Promise<readonly TraceSummary[]> {
    return asked('/api/traces');
  }

  trace(id: string): Promise<readonly Note[]> {
    return asked(`/api/trace/${encodeURIComponent(id)}`);
  }

  private post<T>(path: string, body: unknown): Promise<T> {
    return asked<T>(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Quorate': this.token },
      body: JSON.stringify(body),
    });
  }
}

/** The server runs, and the cluster behind it has not answered. */
const serviceUnavailable = 503;

/** They are the server's own, whatever is shown. */
export function askedCharts(): Promise<readonly ChartDefinition[]> {
  return asked('/api/charts');
}

/** The file the server was given to show. */
export async function askedReplay(): Promise<File> {
  const response = await fetch('/api/replay');
  if (!response.ok) throw new Error(await response.text());
  return new File([await response.blob()], 'The file');
}

async function asked<T>(path: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Error('The server of this page can’t be reached.');
  }
  if (response.status === serviceUnavailable) throw new UnansweredError();
  const text = await response.text();
  if (!response.ok) throw new Error(text === '' ? `The server says ${response.status}.` : text);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

function query(words: Readonly<Record<string, string>>): string {
  return new URLSearchParams(words).toString();
}
