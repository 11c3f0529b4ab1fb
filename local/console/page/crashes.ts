/** Crashes: what the code of each stage failed with last, with its stack; and late crashes, which made no stage stop. */
import type { Crash, LateCrashes } from '../../../contract/modes.ts';
import type { StageStatus } from '../../../contract/status.ts';
import { byId, el, RowList, setText, type Row } from './dom.ts';
import { ago, clock, crashKind, lateCrashes } from './words.ts';

interface StageCrash {
  readonly stage: string;
  readonly crash: Crash;
}

interface StageLate {
  readonly stage: string;
  readonly late: LateCrashes;
}

/** A crash with everything that is known of it. @param where names it, for the stack's label */
export const crashView = (where: string, now: () => number): Row<Crash> => {
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
        ['What', crashKind(crash.kind)],
        ['When', clock(crash.at, now())],
        ['Code version', crash.codeVersion === '' ? 'not known' : crash.codeVersion],
        ['Message', crash.messageId],
        ['Event', crash.eventId],
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
  const lateRows = new RowList<StageLate>(
    byId('late-rows'),
    ({ stage }) => stage,
    ({ stage }) => stageLate(stage, () => now),
  );
  return (stages, at) => {
    now = at;
    const crashes = stages
      .flatMap(({ id, lastCrash }) => (lastCrash === undefined ? [] : [{ stage: id, crash: lastCrash }]))
      .sort((one, other) => other.crash.at - one.crash.at);
    rows.show(crashes);
    byId('crashes-empty').hidden = crashes.length > 0;
    const late = stages
      .flatMap((stage) =>
        stage.lateCrashes === undefined ? [] : [{ stage: stage.id, late: stage.lateCrashes }],
      )
      .sort((one, other) => other.late.last.at - one.late.last.at);
    lateRows.show(late);
    byId('late').hidden = late.length === 0;
    // The last one is what the section is about; after that the person opens and closes them.
    const first = byId('crash-rows').firstElementChild;
    if (first instanceof HTMLDetailsElement && first.dataset['seen'] === undefined) {
      first.dataset['seen'] = 'yes';
      first.open = true;
    }
  };
};

const stageCrash = (stage: string, now: () => number): Row<StageCrash> => {
  const { node, update } = stageDetails(stage, `the last crash of ${stage}`, now);
  return { node, update: ({ crash }) => update(ago(crash.at, now()), crash) };
};

const stageLate = (stage: string, now: () => number): Row<StageLate> => {
  const { node, update } = stageDetails(stage, `the last late crash of ${stage}`, now);
  return { node, update: ({ late }) => update(lateCrashes(late, now()), late.last) };
};

/** One crash of a stage, to open. @param where names it, for the stack's label */
const stageDetails = (
  stage: string,
  where: string,
  now: () => number,
): { readonly node: HTMLElement; readonly update: (note: string, crash: Crash) => void } => {
  const view = crashView(where, now);
  const note = el('span', { class: 'note' });
  const summary = el('summary', {}, el('strong', {}, stage), ' ', note);
  return {
    node: el('details', {}, summary, view.node),
    update: (text, crash) => {
      setText(note, text);
      view.update(crash);
    },
  };
};
