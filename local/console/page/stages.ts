/** The stages, and the commands for each: hold, resume, retry what it has parked. */
import type { Orphan, StageStatus, StatusReport } from '../../../contract/status.ts';
import { control } from './api.ts';
import { badge } from './badge.ts';
import { noteOf } from './causes.ts';
import { ask } from './dialogs.ts';
import {
  about,
  button,
  byId,
  cell,
  el,
  momentCell,
  rowHeader,
  RowList,
  setText,
  showText,
  type Row,
} from './dom.ts';
import { run } from './notices.ts';
import { ago, clock, count, lookOf, modeName, number } from './words.ts';

/** @param refresh asks for everything again, after a command */
export const startStages = (refresh: () => void): ((report: StatusReport, now: number) => void) => {
  let now = Date.now();
  const rows = new RowList<StageStatus>(
    byId('stage-rows'),
    ({ id }) => id,
    ({ id }) => stageRow(id, refresh, () => now),
  );
  const orphans = new RowList<Orphan>(byId('orphan-rows'), ({ id }) => id, orphanRow);
  return (report, at) => {
    now = at;
    rows.show(report.stages);
    byId('orphans').hidden = report.orphans.length === 0;
    orphans.show(report.orphans);
  };
};

const stageRow = (id: string, refresh: () => void, now: () => number): Row<StageStatus> => {
  const name = rowHeader('Stage');
  const mode = badge();
  const reason = el('span', { class: 'note' });
  const since = momentCell('Since');
  const queue = cell('Queue', 'number');
  const inFlight = cell('In flight', 'number');
  const parked = cell('Parked keys', 'number');
  const deadLetters = cell('Dead letters', 'number');
  const held = cell('Held');
  const { node: commands, update: updateCommands } = stageCommands(id, refresh);
  const node = el(
    'tr',
    { role: 'row' },
    ...[name, cell('Mode', '', mode.node, reason), since.node, queue, inFlight, parked, deadLetters, held],
    cell('Commands', 'commands', commands),
  );
  return {
    node,
    update: (stage) => {
      setText(name, stage.id);
      mode.show(lookOf(stage), modeName(stage));
      showText(reason, noteOf(stage, now()));
      if (stage.since === undefined) since.show('always', '');
      else since.show(clock(stage.since, now()), ago(stage.since, now()));
      setText(queue, number(stage.queue.visible));
      setText(inFlight, number(stage.queue.inFlight));
      setText(parked, number(stage.parkedKeys));
      setText(deadLetters, number(stage.deadLetters));
      setText(held, stage.held ? 'Yes' : 'No');
      updateCommands(stage);
    },
  };
};

const stageCommands = (id: string, refresh: () => void): Row<StageStatus> => {
  const hold = button('Hold', () =>
    ask({
      title: `Hold ${id}`,
      text:
        id === 'router'
          ? 'Nothing more is forwarded, to any destination, until an operator resumes it. Events are received and kept.'
          : `Nothing more is forwarded to ${id} until an operator resumes it. Its events are received and kept.`,
      reason: 'Reason',
      submit: `Hold ${id}`,
      send: async (reason) => {
        await control({ command: 'hold', stage: id, reason });
        refresh();
        return `${id} is held.`;
      },
    }),
  );
  const resume = button('Resume', (self) => {
    void run(self, async () => {
      const stage = await control({ command: 'resume', stage: id });
      refresh();
      return `${id} is resumed: ${modeName(stage).toLowerCase()}.`;
    });
  });
  const retry = button('Retry parked', (self) => {
    void run(self, async () => {
      const { keys } = await control({ command: 'retry', stage: id });
      refresh();
      return `${count(keys, 'key')} of ${id} will be tried now.`;
    });
  });
  for (const node of [hold, resume, retry]) node.append(about(id));
  return {
    node: el('div', { class: 'buttons' }, hold, resume, retry),
    update: (stage) => {
      hide(hold, stage.held, resume);
      hide(resume, !stage.held && stage.mode !== 'degraded', hold);
      hide(retry, stage.parkedKeys === 0, hold.hidden ? resume : hold);
    },
  };
};

/** The focus goes to the button that takes its place: a hidden one cannot keep it. */
const hide = (node: HTMLElement, hidden: boolean, heir: HTMLElement): void => {
  if (node.hidden === hidden) return;
  const focused = document.activeElement === node;
  node.hidden = hidden;
  if (!hidden || !focused) return;
  heir.hidden = false;
  heir.focus();
};

const orphanRow = (): Row<Orphan> => {
  const node = el('li');
  return {
    node,
    update: ({ id, queue, parkedKeys, deadLetters }) =>
      setText(
        node,
        `${id}: ${count(queue.visible + queue.inFlight, 'message')} in its queue, ${count(parkedKeys, 'parked key')}, ${count(deadLetters, 'dead letter')}`,
      ),
  };
};
