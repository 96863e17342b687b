/** Hands what the page made to who looks, as a file. */
import { dashboardLimits } from '../../../../actors/rules/limits/dashboard.js';
import { after } from './browser.js';

export function download(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  after(dashboardLimits.downloadMsMax, () => URL.revokeObjectURL(address));
}
