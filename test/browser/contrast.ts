/** WCAG 2's contrast of a page's texts, with the colours that the browser computed. */
import type { Page } from 'puppeteer-core';

/** For text of any size; large text would need less. */
const ENOUGH = 4.5;

interface Colored {
  readonly text: string;
  readonly color: string;
  /** From the element outwards, up to the first opaque background. */
  readonly grounds: readonly string[];
}

/** Texts with too little contrast to their background, each with its contrast. */
export const faintTexts = async (page: Page): Promise<readonly string[]> => {
  const found: readonly Colored[] = await page.$$eval('body *', (elements) =>
    elements.flatMap((element) => {
      const text = Array.from(element.childNodes, (node) =>
        node.nodeType === 3 ? (node.nodeValue ?? '') : '',
      );
      const shown = text.join(' ').trim();
      const isVisible = element.checkVisibility({ visibilityProperty: true }) && element.clientHeight !== 1;
      if (shown === '' || !isVisible) return [];
      const grounds: string[] = [];
      for (let at: Element | null = element; at !== null; at = at.parentElement) {
        const ground = getComputedStyle(at).backgroundColor;
        grounds.push(ground);
        if (ground.startsWith('rgb(')) break;
      }
      return [{ text: shown, color: getComputedStyle(element).color, grounds }];
    }),
  );
  if (found.length === 0) throw new Error('the page shows no text');
  return found.flatMap(({ text, color, grounds }) => {
    const ground = grounds.reduceRight<readonly number[]>(
      (below, above) => over(parse(above), below),
      [255, 255, 255],
    );
    const ratio = contrast(over(parse(color), ground), ground);
    return ratio >= ENOUGH ? [] : [`${text.slice(0, 60)}: ${ratio.toFixed(2)}`];
  });
};

/** Red, green, blue from 0 to 255, and opacity from 0 to 1. */
const parse = (color: string): readonly number[] => {
  const numbers = (color.match(/[\d.]+/g) ?? []).map(Number);
  if (!color.startsWith('rgb') || numbers.length < 3) throw new Error(`not a colour this can read: ${color}`);
  return numbers.length === 3 ? [...numbers, 1] : numbers;
};

const over = (
  [r = 0, g = 0, b = 0, alpha = 1]: readonly number[],
  below: readonly number[],
): readonly number[] => [r, g, b].map((part, i) => part * alpha + (below[i] ?? 0) * (1 - alpha));

const luminance = (color: readonly number[]): number => {
  const [r = 0, g = 0, b = 0] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

const contrast = (one: readonly number[], other: readonly number[]): number => {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};
