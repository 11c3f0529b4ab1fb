import { el, setText } from './dom.ts';
import { icon, type Sign } from './icons.ts';

/** A mode with its sign; the sign changes with it. */
export const badge = (): { node: HTMLElement; show(sign: Sign, text: string): void } => {
  const sign = el('span', { 'aria-hidden': 'true' });
  const text = el('span');
  const node = el('span', { class: 'badge' }, sign, text);
  return {
    node,
    show: (look, words) => {
      if (node.dataset['mode'] !== look) sign.replaceChildren(icon(look));
      node.dataset['mode'] = look;
      setText(text, words);
    },
  };
};
