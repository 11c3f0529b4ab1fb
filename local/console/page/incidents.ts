/** What happened: the stages' changes of mode, and the alarms. */
import type { ModeChange } from '../../../contract/modes.ts';
import type { StageStatus } from '../../../contract/status.ts';
import type { AlarmView } from '../contract.ts';
import { badge } from './badge.ts';
import { byId, el, RowList, setText, showText, type Row } from './dom.ts';
import type { Sign } from './icons.ts';
import { ago, clock, LOOK_NAME } from './words.ts';

const SHOWN = 40;

interface StageChange extends ModeChange {
  readonly stage: string;
}

export const startIncidents = (): {
  history(stages: readonly StageStatus[], now: number): void;
  alarms(alarms: readonly AlarmView[], now: number): void;
} => {
  let now = Date.now();
  const changes = new RowList<StageChange>(
    byId('history-rows'),
    ({ stage, epoch, at }) => `${stage} ${epoch} ${at}`,
    () => changeRow(() => now),
  );
  const alarms = new RowList<AlarmView>(
    byId('alarm-rows'),
    ({ name }) => name,
    () => alarmRow(() => now),
  );
  return {
    history: (stages, at) => {
      now = at;
      const all = stages
        .flatMap(({ id, history }) => history.map((change) => ({ ...change, stage: id })))
        .sort((one, other) => other.at - one.at || other.epoch - one.epoch)
        .slice(0, SHOWN);
      changes.show(all);
      byId('history-empty').hidden = all.length > 0;
    },
    alarms: (all, at) => {
      now = at;
      alarms.show(
        all.toSorted((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name)),
      );
      byId('alarms-empty').hidden = all.length > 0;
    },
  };
};

const changeRow = (now: () => number): Row<StageChange> => {
  const mode = badge();
  const stage = el('strong');
  const time = el('time');
  const reason = el('p', { class: 'note' });
  return {
    node: el('li', {}, el('p', { class: 'line' }, stage, ' ', mode.node, ' ', time), reason),
    update: (change) => {
      setText(stage, change.stage);
      mode.show(change.mode, LOOK_NAME[change.mode]);
      time.dateTime = new Date(change.at).toISOString();
      setText(time, `${clock(change.at, now())} (${ago(change.at, now())})`);
      showText(reason, change.reason);
    },
  };
};

const ALARM_STATES: Readonly<Record<AlarmView['state'], { sign: Sign; text: string; rank: number }>> = {
  ALARM: { sign: 'degraded', text: 'Alarm', rank: 0 },
  INSUFFICIENT_DATA: { sign: 'unknown', text: 'No data', rank: 2 },
  OK: { sign: 'normal', text: 'OK', rank: 1 },
};
const rank = ({ state }: AlarmView): number => ALARM_STATES[state].rank;

const alarmRow = (now: () => number): Row<AlarmView> => {
  const state = badge();
  const name = el('strong');
  const since = el('span', { class: 'note' });
  const reason = el('p', { class: 'note' });
  return {
    node: el('li', {}, el('p', { class: 'line' }, state.node, ' ', name, ' ', since), reason),
    update: (alarm) => {
      const { sign, text } = ALARM_STATES[alarm.state];
      state.show(sign, text);
      setText(name, alarm.name);
      setText(since, `since ${clock(alarm.since, now())}`);
      showText(reason, alarm.state === 'ALARM' ? alarm.reason : '');
    },
  };
};
