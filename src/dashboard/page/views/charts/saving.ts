/** Charts as files: what is drawn, as SVG. */

/** What of an element's looks comes from style sheets, which a file of its own does not have. */
const looks = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
  'font-style',
  'paint-order',
  'stroke-linejoin',
] as const;

const margin = 16;
const namespace = 'http://www.w3.org/2000/svg';

/** `drawing`: as it is on the page, lit as it is now. */
export function svgText(drawing: SVGGraphicsElement): string {
  const copy = drawing.cloneNode(true) as SVGGraphicsElement;
  copyLooks(drawing, copy);
  for (const hidden of copy.querySelectorAll('.pulse, .touch')) hidden.remove();
  const { x, y, width, height } = drawing.getBBox();
  const [left, top] = [x - margin, y - margin];
  const [across, down] = [width + 2 * margin, height + 2 * margin];
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('viewBox', `${left} ${top} ${across} ${down}`);
  svg.setAttribute('width', String(Math.round(across)));
  svg.setAttribute('height', String(Math.round(down)));
  const ground = document.createElementNS(namespace, 'rect');
  const { backgroundColor } = getComputedStyle(drawing.closest('.canvas') ?? document.body);
  const places = { x: left, y: top, width: across, height: down, fill: backgroundColor };
  for (const [name, value] of Object.entries(places)) ground.setAttribute(name, String(value));
  svg.append(ground, copy);
  return new XMLSerializer().serializeToString(svg);
}

function copyLooks(from: Element, to: Element): void {
  const style = getComputedStyle(from);
  for (const name of looks) to.setAttribute(name, style.getPropertyValue(name));
  for (const name of ['tabindex', 'role', 'data-transitions']) to.removeAttribute(name);
  for (const [index, child] of [...from.children].entries()) copyLooks(child, to.children[index]!);
}
