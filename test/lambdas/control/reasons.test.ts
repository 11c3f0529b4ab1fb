/** Each reason that the mode machine can give has a line in the runbook, where an operator who was paged looks for it. */
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { newerReason } from '../../../lambdas/core/base/newer.ts';
import { hintOf } from '../../../lambdas/control/look.ts';
import type { ModeEvent } from '../../../lambdas/core/mode/events.ts';
import { decide } from '../../../lambdas/core/mode/machine.ts';
import { type ModeRecord, NORMAL, UNREADABLE } from '../../../lambdas/core/mode/record.ts';
import type { Crash } from '../../../contract/modes.ts';
import { asOwnTrouble } from '../../../lambdas/core/stage/own-trouble.ts';
import { tooOften } from '../../../lambdas/core/stage/parking.ts';
import { Dice } from '../../../tools/driver/dice.ts';
import { MODE_SETTINGS } from '../../support/mode-settings.ts';

const MINUTE = 60_000;
const START = 1_763_000_000_000;

/** The phrases in the first column of the tables of a section; `…` stands for any text. */
const phrasesOf = (heading: string): readonly RegExp[] => {
  const runbook = readFileSync(new URL('../../../docs/runbook.md', import.meta.url), 'utf8');
  const section = runbook.split(/^#{2,3} /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return section.split('\n').flatMap((line) => {
    const [, cell = ''] = /^\|([^|]+)\|/.exec(line) ?? [];
    return Array.from(cell.matchAll(/`([^`]+)`/g), ([, phrase = '']) => {
      const parts = phrase.split('…').map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
      // A quoted part may be anything; the rest is a number or a duration.
      const gaps = parts.map((part) => (part === '' || part.endsWith(': ') ? '.+' : '[^:]+'));
      return new RegExp(
        `^${parts.map((part, i) => (i === 0 ? part : `${gaps[i - 1] ?? ''}${part}`)).join('')}$`,
        's',
      );
    });
  });
};

const linesFor = (phrases: readonly RegExp[], reason: string): readonly string[] =>
  phrases.filter((phrase) => phrase.test(reason)).map(String);

const crash = (at: number, codeVersion: string): Crash => ({
  kind: 'throw',
  error: 'Error: x',
  codeVersion,
  at,
});

/** A scenario of a stage: a few kinds of frequent events, and occasional others. */
const reasonsOf = (seed: number, settings: typeof MODE_SETTINGS): ReadonlySet<string> => {
  const random = new Dice(seed).next;
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const reasons = new Set<string>();
  let own: ModeRecord = NORMAL;
  let now = START;
  let deliveredAt: number | undefined;
  const event = (kind: string): ModeEvent => {
    const { epoch } = own;
    const codeVersion = pick(['v1', 'v1', 'v1', 'v2', '']);
    const messageId = `m${Math.floor(random() * 50)}`;
    const about = { epoch, key: pick(['a', 'b', 'c']), codeVersion, text: 'answered 503: down' };
    switch (kind) {
      case 'redriven':
        return { type: 'redriven', epoch, messageId, crash: crash(now, codeVersion), processed: 1 };
      case 'died':
        return { type: 'died', epoch, messageId, crash: crash(now, codeVersion) };
      case 'failed':
        return { type: 'failed', refused: random() < 0.2, ...about };
      case 'rejected':
        return { type: 'rejected', ...about };
      case 'crashed':
        return { type: 'crashed', epoch, crash: crash(now, codeVersion) };
      case 'progress':
        return { type: 'progress', epoch, delivered: true };
      case 'tried':
        return { type: 'tried', epoch, delivered: true };
      case 'resume':
        return { type: 'resume' };
      case 'bad probe':
        return { type: 'tick', probe: { kind: 'failed', crash: crash(now, codeVersion) } };
      case 'idle':
        return { type: 'tick', waiting: { messages: 0, keys: 0, own: 0 } };
      case 'good probe':
        return {
          type: 'tick',
          probe: { kind: 'answered', codeVersion: codeVersion === '' ? 'v3' : codeVersion },
        };
      default:
        return {
          type: 'tick',
          waiting: { messages: 1, keys: 0, own: 0 },
          ...(random() < 0.5 ? {} : { hint: 'Lambda throttles the function: no' }),
        };
    }
  };
  const kinds = [
    'redriven',
    'died',
    'failed',
    'rejected',
    'crashed',
    'progress',
    'tried',
    'resume',
    'bad probe',
    'idle',
  ];
  const all = [...kinds, 'good probe', 'waiting'];
  let usual = [pick(all), pick(all)];
  for (let step = 0; step < 400; step++) {
    if (random() < 0.04) usual = [pick(all), pick(all)];
    const kind = random() < 0.9 ? pick(usual) : pick(all);
    now += pick([1_000, 20_000, MINUTE]);
    if (kind === 'progress') deliveredAt = now;
    const progress = deliveredAt === undefined ? {} : { deliveredAt };
    const next = decide({ own, system: undefined, progress }, event(kind), now, settings);
    if (next === undefined) continue;
    own = { ...next, rev: own.rev + 1 };
    reasons.add(own.reason);
  }
  reasons.delete('');
  return reasons;
};

/** The reasons of all scenarios, with the defaults, and with thresholds at which a single event is enough. */
const allReasons = (): ReadonlySet<string> => {
  const real = { ...MODE_SETTINGS, minute: MINUTE, stallAfter: 10 * MINUTE, redriveShare: 0 };
  const small = { ...real, redriveThreshold: 1, recoverAfter: 1 };
  const seeds = Array.from({ length: 150 }, (_, seed) => seed);
  return new Set(
    seeds.flatMap((seed) => [real, small].flatMap((settings) => [...reasonsOf(seed, settings)])),
  );
};

describe('the runbook', () => {
  const reasons = allReasons();
  const phrases = phrasesOf('Reasons');

  it.each([...reasons].sort())('has one line for "%s"', (reason) => {
    expect(linesFor(phrases, reason)).toHaveLength(1);
  });

  it('has a line for an unreadable mode', () => {
    expect(linesFor(phrases, UNREADABLE.reason)).toHaveLength(1);
  });

  it('has no line for a reason that is never given', () => {
    const given = [...reasons, UNREADABLE.reason, newerReason('mode', 2)];
    expect(phrases.length).toBeGreaterThan(15);
    expect(phrases.filter((phrase) => !given.some((reason) => phrase.test(reason))).map(String)).toEqual([]);
  });

  it('has a line for each reason that AWS gives for processing nothing', () => {
    const aws = phrasesOf('What AWS says');
    const hints = [
      hintOf({ state: 'Disabled' }, undefined),
      hintOf({ state: 'Enabled', trouble: 'PROBLEM: Function call failed' }, undefined),
      hintOf(undefined, {
        kind: 'unknown',
        why: 'Lambda throttles the function: its reserved concurrency is 0',
      }),
      hintOf(undefined, {
        kind: 'unknown',
        why: 'Lambda does not invoke the function: KMSDisabledException: no',
      }),
    ];
    for (const hint of hints) expect(linesFor(aws, hint ?? 'none')).toHaveLength(1);
  });

  it('has a line for each reason why a user is parked', () => {
    const parked = phrasesOf('A user is parked for an hour');
    for (const reason of [asOwnTrouble('answered 500'), tooOften({ receiveCount: 500 }) ?? 'none'])
      expect(linesFor(parked, reason)).toHaveLength(1);
  });
});
