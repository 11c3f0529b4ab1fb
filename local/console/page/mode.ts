/** The system's mode: one sentence, since when, why, and what comes next. */
import type { StatusReport } from '../../../contract/status.ts';
import { byId, setText, showText } from './dom.ts';
import { icon, type Sign } from './icons.ts';
import { headline } from './headline.ts';
import { place } from './place.ts';
import { ago, clock, LOOK_NAME } from './words.ts';

let shown: Sign = 'unknown';

export const startMode = (): void => {
  byId('mode-icon').replaceChildren(icon(shown));
};

export const showMode = ({ pipeline, stages }: StatusReport, now: number): void => {
  const head = headline(stages, now, place());
  if (head === undefined) return;
  setText(byId('pipeline'), pipeline);
  setText(byId('mode-sentence'), head.sentence);
  showText(byId('mode-parked'), head.parked);
  setText(
    byId('mode-since'),
    head.since === undefined
      ? 'It has never been otherwise.'
      : `Since ${clock(head.since, now)}, ${ago(head.since, now)}`,
  );
  showText(byId('mode-reason'), head.reason);
  showText(byId('mode-cause'), head.cause);
  showText(byId('mode-next'), head.next);
  showText(byId('mode-command'), head.command);
  document.title = `${LOOK_NAME[head.look]} · Sluice`;
  if (head.look === shown) return;
  shown = head.look;
  byId('mode').dataset['mode'] = head.look;
  byId('mode-icon').replaceChildren(icon(head.look));
};
