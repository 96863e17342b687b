/** Stately's inspector in a frame: given what this server tells, once it says that it is there. */
import './stately.css';
import { dashboardLimits } from '../../../../actors/rules/limits/dashboard.js';

const inspector = 'https://stately.ai';

const frame = document.querySelector('iframe')?.contentWindow;
const waiting: unknown[] = [];
let isThere = false;

addEventListener('message', ({ data, origin, source }: MessageEvent<unknown>) => {
  if (origin !== inspector || source !== frame || !isGreeting(data)) return;
  isThere = true;
  for (const event of waiting.splice(0)) frame?.postMessage(event, inspector);
});

const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/stately${location.search}`);
socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
  const event: unknown = JSON.parse(data);
  if (isThere) frame?.postMessage(event, inspector);
  else if (waiting.length < dashboardLimits.statelyChartsMax) waiting.push(event);
});

function isGreeting(data: unknown): boolean {
  return (data as { readonly type?: unknown } | null)?.type === '@statelyai.connected';
}
