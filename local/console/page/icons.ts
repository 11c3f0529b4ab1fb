/** The signs of the modes. Each has a shape of its own, so that none depends on its colour. */

export type Sign = 'normal' | 'degraded' | 'recovering' | 'parked' | 'held' | 'unknown';

const SVG = 'http://www.w3.org/2000/svg';

const PATHS: Readonly<Record<Sign, string>> = {
  // A tick in a circle.
  normal: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm3.7 5.2-4.4 4.8-3-2.8 1.1-1.2 1.9 1.8 3.2-3.6Z',
  // A triangle with a bar and a dot.
  degraded: 'M8 1 .5 14.5h15Zm-.9 4.8h1.8v4.4H7.1Zm0 5.6h1.8v1.7H7.1Z',
  // A circle, half full.
  recovering: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm0 1.8a5.2 5.2 0 0 1 0 10.4Z',
  // A head and shoulders.
  parked: 'M8 1.2a3.3 3.3 0 1 1 0 6.6 3.3 3.3 0 0 1 0-6.6ZM1.8 14.8a6.2 5.8 0 0 1 12.4 0Z',
  // Two bars.
  held: 'M3 2h3.6v12H3Zm6.4 0H13v12H9.4Z',
  // A ring.
  unknown: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm0 2a5 5 0 1 1 0 10A5 5 0 0 1 8 3Z',
};

export const icon = (sign: Sign): SVGSVGElement => {
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[sign]);
  path.setAttribute('fill-rule', 'evenodd');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(path);
  return svg;
};
