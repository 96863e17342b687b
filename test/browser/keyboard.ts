/** A page used without a mouse. */
import type { Page } from 'playwright-core';

const tabsMax = 150;

/** Of what has the keyboard: its name as it is read out, and whether one sees that it has it. */
const focused = `(() => {
  const element = document.activeElement;
  if (element === null || element === document.body) return { name: '', isSeen: true };
  const label = element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent;
  const style = getComputedStyle(element);
  // Of a drawing it is a stroke around what is touched.
  const touched = element.querySelector(':scope > .touch');
  return {
    name: (label ?? element.textContent ?? '').trim(),
    isSeen:
      touched === null
        ? style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0
        : getComputedStyle(touched).stroke !== 'none',
  };
})()`;

/** Tab, until the one of that name has it. Throws where none has, or nothing shows who has it. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  const passed: string[] = [];
  for (let tabs = 0; tabs < tabsMax; tabs++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate<{ name: string; isSeen: boolean }>(focused);
    if (!at.isSeen) throw new Error(`nothing shows that the keyboard is at ${at.name}`);
    if (name.test(at.name)) return;
    passed.push(at.name);
  }
  throw new Error(`no Tab leads to ${name}; passed: ${passed.join(' | ')}`);
}
