/** Crashes: what the code of each stage failed with last, with its stack. */
import type { CrashReport, StageStatus } from '../../../config/operations.ts';
import { byId, el, RowList, setText, type Row } from './dom.ts';
import { ago, clock, crashKind } from './words.ts';

interface StageCrash {
  readonly stage: string;
  readonly crash: CrashReport;
}

/** A crash with everything that is known of it. @param where names it, for the stack's label */
export const crashView = (where: string, now: () => number): Row<CrashReport> => {
  const error = el('p', { class: 'error' });
  const facts = el('dl', { class: 'facts' });
  const stack = el('pre', { tabindex: 0, role: 'region', 'aria-label': `Stack of ${where}` });
  let shown = '';
  return {
    node: el('div', { class: 'crash' }, error, facts, stack),
    update: (crash) => {
      const text = JSON.stringify(crash);
      if (text === shown) return;
      shown = text;
      setText(error, crash.error);
      const known: readonly (readonly [string, string | undefined])[] = [
        ['What', crashKind(crash)],
        ['When', clock(crash.at, now())],
        ['Code version', crash.codeVersion === '' ? 'not known' : crash.codeVersion],
        ['Message', crash.messageId],
        ['Key', crash.key],
      ];
      facts.replaceChildren(
        ...known.flatMap(([name, value]) =>
          value === undefined ? [] : [el('div', {}, el('dt', {}, name), el('dd', {}, value))],
        ),
      );
      setText(stack, crash.stack ?? '');
      stack.hidden = crash.stack === undefined;
    },
  };
};

export const startCrashes = (): ((stages: readonly StageStatus[], now: number) => void) => {
  let now = Date.now();
  const rows = new RowList<StageCrash>(
    byId('crash-rows'),
    ({ stage }) => stage,
    ({ stage }) => stageCrash(stage, () => now),
  );
  return (stages, at) => {
    now = at;
    const crashes = stages
      .flatMap(({ id, lastCrash }) => (lastCrash === undefined ? [] : [{ stage: id, crash: lastCrash }]))
      .sort((one, other) => other.crash.at - one.crash.at);
    rows.show(crashes);
    byId('crashes-empty').hidden = crashes.length > 0;
    // The last one is what the section is about; after that the person opens and closes them.
    const first = byId('crash-rows').firstElementChild;
    if (first instanceof HTMLDetailsElement && first.dataset['seen'] === undefined) {
      first.dataset['seen'] = 'yes';
      first.open = true;
    }
  };
};

const stageCrash = (stage: string, now: () => number): Row<StageCrash> => {
  const view = crashView(`the last crash of ${stage}`, now);
  const when = el('span', { class: 'note' });
  const summary = el('summary', {}, el('strong', {}, stage), ' ', when);
  return {
    node: el('details', {}, summary, view.node),
    update: ({ crash }) => {
      setText(when, ago(crash.at, now()));
      view.update(crash);
    },
  };
};
