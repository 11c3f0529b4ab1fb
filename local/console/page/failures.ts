/** The last failures of each stage that are no crashes: from the first one on, whatever the stage's mode. */
import type { StageStatus } from '../../../contract/status.ts';
import { failuresOf, type Failure } from './causes.ts';
import { byId, el, RowList, setText, type Row } from './dom.ts';
import { ago, clock } from './words.ts';

interface StageFailure extends Failure {
  readonly stage: string;
}

export const startFailures = (): ((stages: readonly StageStatus[], now: number) => void) => {
  let now = Date.now();
  const rows = new RowList<StageFailure>(
    byId('failure-rows'),
    ({ stage, kind }) => `${kind} ${stage}`,
    () => failureRow(() => now),
  );
  return (stages, at) => {
    now = at;
    const all = stages
      .flatMap((stage) => failuresOf(stage).map((failure) => ({ ...failure, stage: stage.id })))
      .sort((one, other) => other.at - one.at);
    rows.show(all);
    byId('failures-empty').hidden = all.length > 0;
  };
};

const failureRow = (now: () => number): Row<StageFailure> => {
  const stage = el('strong');
  const facts = el('span', { class: 'note' });
  const text = el('p', { class: 'error' });
  return {
    node: el('li', {}, el('p', { class: 'line' }, stage, ' ', facts), text),
    update: (failure) => {
      const { at, codeVersion, kind } = failure;
      const code = codeVersion === '' ? '' : `, code ${codeVersion}`;
      setText(stage, failure.stage);
      setText(facts, `${kind} ${clock(at, now())} (${ago(at, now())})${code}`);
      setText(text, failure.text);
    },
  };
};
