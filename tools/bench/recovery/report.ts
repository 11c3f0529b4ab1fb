import { toTable, type Rows } from '../../driver/table.ts';
import type { Backlog } from './backlog.ts';
import type { Growth } from './growth.ts';
import type { Drain, ParkedUsers } from './parked.ts';

export const backlogRows = (all: readonly Backlog[]): Rows => [
  ['a backlog : live', ...all.map(({ events }) => `${events} events`)],
  ['live, accepted, events/s', ...all.map(({ live }) => live.toFixed(0))],
  ['live, end to end, events/s', ...all.map(({ liveEndToEnd }) => liveEndToEnd.toFixed(0))],
  ['drained, events/s', ...all.map(({ drained }) => drained.toFixed(0))],
  ['drained : live accepted', ...all.map(({ drained, live }) => (drained / live).toFixed(2))],
  [
    'drained from the first arrival : live accepted',
    ...all.map(({ drainedOnceBegun, live }) => (drainedOnceBegun / live).toFixed(2)),
  ],
  ['in the queue of a destination of 80 ms, events/s', ...all.map(({ slow }) => slow[0].toFixed(0))],
  ['the same, with `batch: 20`', ...all.map(({ slow }) => slow[1].toFixed(0))],
];

export const backlogTable = (value: readonly Backlog[]): string => toTable(backlogRows(value));

export const drainRows = (drains: readonly Drain[]): Rows => [
  ['parked users, a destination of 80 ms', 'messages', 'messages/s', 's until the first'],
  ...drains.map(({ users, messages, messagesPerSecond, secondsToBegin }) => [
    users === 1 ? '1 user' : `${users} users`,
    String(users * messages),
    messagesPerSecond.toFixed(1),
    secondsToBegin.toFixed(1),
  ]),
];

export const drainTable = (value: readonly Drain[]): string => toTable(drainRows(value));

export const parkedRows = (all: readonly ParkedUsers[]): Rows => [
  ['parked users', ...all.map(({ users }) => String(users))],
  ...(all[0]?.commands ?? [])
    .slice(1)
    .map(({ name }, i) => [
      `${name}, own s`,
      ...all.map(({ commands }) => commands[i + 1]?.ownSeconds.toFixed(2) ?? ''),
    ]),
  ['drained, users/s', ...all.map(({ drain }) => drain.messagesPerSecond.toFixed(1))],
  ['s until the first', ...all.map(({ drain }) => drain.secondsToBegin.toFixed(1))],
];

export const parkedTable = (value: readonly ParkedUsers[]): string => toTable(parkedRows(value));

export const growthRows = (all: readonly Growth[]): Rows => [
  ['ten times as much', 'from', 'to', 'times as long', 'times the processor time'],
  ...all.map(({ name, from, to, ratio, cpuRatio }) => [
    name,
    String(from),
    String(to),
    ratio.toFixed(1),
    cpuRatio?.toFixed(1) ?? '',
  ]),
];

export const growthTable = (value: readonly Growth[]): string => toTable(growthRows(value));
