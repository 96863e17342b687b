/** What a colour token of the style sheet comes to, for what is painted on a canvas. */
export function colourOf(token: `--${string}`, within: Element = document.body): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  within.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
