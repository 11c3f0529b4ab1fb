/** Last words in a file: what a process finds there after the previous one ended at any point. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Words } from '../../lambdas/core/stage/last-words.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import type { StageQueue } from '../../lambdas/core/stage/ports.ts';
import { LastWordsFile } from '../../lambdas/stage/last-words-file.ts';
import { FakeQueue } from '../support/fakes.ts';
import { a1, a2, b1, held, UNTIL } from './last-words-fixtures.ts';

const root = mkdtempSync(path.join(tmpdir(), 'sluice-words-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

let directory: string;
let warned: string[];
beforeEach(() => {
  directory = mkdtempSync(path.join(root, 'env-'));
  warned = [];
});

const NAME = 'sluice-last-words';
const written = (): string => readFileSync(path.join(directory, NAME), 'utf8');
const warn = (text: string, error: unknown) => void warned.push(`${text}: ${String(error)}`);

/** A process of the environment, and what the previous one left. */
const start = (codeVersion = 'v1') => {
  const words = new LastWordsFile({ codeVersion, warn, directory });
  return { words, left: words.take() };
};

describe('what a process leaves', () => {
  it('is its messages, those in hand, and until when they stay hidden; no content', () => {
    const { words } = start();
    words.received([a1, a2, b1], UNTIL);
    words.begun(a1, '0:v1', true);
    words.begun(b1, '0:v1', false);
    words.ended(b1);
    expect(written()).not.toContain('content');
    // Another version may start in its place: the last words are those of the version that died.
    expect(start('v2').left).toEqual({
      codeVersion: 'v1',
      until: UNTIL,
      held: held(a1, a2, b1),
      inHand: [{ id: 'a1', stamp: '0:v1', isCharged: true }],
    });
  });

  it('charges a message for a thread that does not end only if it was in hand alone when that was seen', () => {
    const inHandAt = (...inHand: (typeof a1)[]): unknown => {
      const { words } = start();
      words.received([a1, a2, b1], UNTIL);
      for (const message of inHand) words.begun(message, '0:v1', true);
      words.abandoned();
      words.ended(b1);
      words.begun(a2, '0:v1', true);
      return start().left?.inHand.map(({ id }) => id);
    };
    expect(inHandAt(a1)).toEqual(['a1']);
    // It has been convicted itself: what comes after it is not its successor in guilt.
    expect(inHandAt(b1)).toEqual([]);
    expect(inHandAt(a1, b1)).toEqual([]);
  });

  it('is read once', () => {
    start().words.received([a1], UNTIL);
    expect(start().left).toBeDefined();
    expect(start().left).toBeUndefined();
  });

  it('is nothing for a first process, and for one that had no batch', () => {
    expect(start().left).toBeUndefined();
    expect(start().left).toBeUndefined();
    expect(warned).toEqual([]);
  });

  it('is what it noted since it started, without the last words that it found', () => {
    start().words.received([a1], UNTIL);
    const { words } = start();
    words.received([b1], UNTIL + 1);
    expect(start().left).toEqual({ codeVersion: 'v1', until: UNTIL + 1, held: held(b1), inHand: [] });
  });

  it('covers only its last batch', () => {
    const { words } = start();
    words.received([a1, a2], UNTIL);
    words.begun(a1, '0:v1', false);
    words.received([b1], UNTIL + 5);
    expect(start().left).toEqual({ codeVersion: 'v1', until: UNTIL + 5, held: held(b1), inHand: [] });
  });
});

describe('clear', () => {
  it('leaves nothing: the function answers, and the queue has all messages', () => {
    const { words } = start();
    words.received([a1], UNTIL);
    words.begun(a1, '0:v1', false);
    words.clear();
    expect(written()).toBe('');
    expect(start().left).toBeUndefined();
  });

  it('ends the batch: an attempt without a batch, as in a drain, is not noted', () => {
    const { words } = start();
    words.begun(a1, '0:v1', false);
    expect(written()).toBe('');
    words.received([a1], UNTIL);
    words.clear();
    words.begun(a2, '0:v1', false);
    words.ended(a2);
    expect(written()).toBe('');
  });

  it('does not keep the next batch from being noted', () => {
    const { words } = start();
    words.received([a1], UNTIL);
    words.clear();
    words.received([b1], UNTIL);
    expect(start().left).toMatchObject({ held: held(b1) });
  });
});

describe('a watched queue', () => {
  /** The messages held according to the file, at the time of the call to the queue. */
  const asked = (words: LastWordsFile, fails = false) => {
    const seen: string[] = [];
    const note = async (what: string) => {
      await Promise.resolve();
      if (fails) throw new InfraFault('throttled');
      return what;
    };
    const look = (what: string) => {
      seen.push(`${what}: ${written().trim().split('\n').at(-1) ?? ''}`);
      return note(what).then(() => undefined);
    };
    const queue: StageQueue = {
      receive: (seconds) => look(`receive ${seconds}`).then(() => [a1]),
      setVisibility: (messages, seconds) => look(`hide ${messages.map(({ id }) => id).join()} ${seconds}`),
      delete: ({ id }) => look(`delete ${id}`),
    };
    return { seen, queue: words.watching(queue) };
  };

  it('receives messages for a trial, which do not belong to a batch', async () => {
    const { words } = start();
    words.received([a2], UNTIL);
    const before = written();
    const { seen, queue } = asked(words);
    expect(await queue.receive(70)).toEqual([a1]);
    expect(seen).toEqual([expect.stringMatching(/^receive 70/)]);
    expect(written()).toBe(before);
  });

  it('is called after the messages were noted as released', async () => {
    const { words } = start();
    words.received([a1, a2, b1], UNTIL);
    const { seen, queue } = asked(words);
    await queue.delete(a1);
    await queue.setVisibility([a2, b1], 30);
    expect(seen).toEqual(['delete a1: {"released":["a1"]}', 'hide a2,b1 30: {"released":["a2","b1"]}']);
    expect(start().left).toMatchObject({ held: [], inHand: [] });
  });

  it('may have executed a call that it reports as failed: the messages stay released', async () => {
    const { words } = start();
    words.received([a1, b1], UNTIL);
    const { queue } = asked(words, true);
    await expect(queue.delete(a1)).rejects.toThrow(InfraFault);
    expect(start().left).toMatchObject({ held: held(b1) });
    await expect(queue.setVisibility([b1], 0)).rejects.toThrow(InfraFault);
  });

  it('is also called without a batch', async () => {
    const fake = new FakeQueue();
    const { words } = start();
    const queue = words.watching(fake);
    await queue.delete(a1);
    await queue.setVisibility([a2], 5);
    expect([fake.deleted, Object.fromEntries(fake.visibility)]).toEqual([['a1'], { a2: 5 }]);
    expect(written()).toBe('');
  });
});

describe('a file that was truncated at any point', () => {
  it('gives valid last words: those of all complete lines', async () => {
    const { words } = start();
    const states: (Words | undefined)[] = [undefined];
    const all = { codeVersion: 'v1', until: UNTIL, held: held(a1, a2, b1), inHand: [] as Words['inHand'] };
    const inHand = (id: string, isCharged: boolean) => ({ id, stamp: '3:v1', isCharged });
    const queue = words.watching(new FakeQueue());

    words.received([a1, a2, b1], UNTIL);
    states.push(all);
    words.begun(a1, '3:v1', true);
    states.push({ ...all, inHand: [inHand('a1', true)] });
    words.begun(b1, '3:v1', false);
    states.push({ ...all, inHand: [inHand('a1', true), inHand('b1', false)] });
    words.ended(a1);
    states.push({ ...all, inHand: [inHand('b1', false)] });
    await queue.delete(a1);
    states.push({ ...all, held: held(a2, b1), inHand: [inHand('b1', false)] });
    words.ended(b1);
    states.push({ ...all, held: held(a2, b1) });
    await queue.setVisibility([b1], 4);
    states.push({ ...all, held: held(a2) });
    words.received([b1], UNTIL + 1);
    states.push({ ...all, until: UNTIL + 1, held: held(b1) });

    const whole = Buffer.from(written());
    const lines = whole.toString().trimEnd().split('\n');
    expect(lines).toHaveLength(states.length - 1);
    const file = path.join(directory, NAME);
    for (let bytes = 0; bytes <= whole.length; bytes += 1) {
      const prefix = whole.subarray(0, bytes);
      writeFileSync(file, prefix);
      const ends = lines.map((_, i) => Buffer.byteLength(lines.slice(0, i + 1).join('\n')));
      const known = states[ends.filter((end) => end <= bytes).length];
      expect([bytes, start().left]).toEqual([bytes, known]);
    }
    expect(warned).toEqual([]);
  });

  it('or that has other content gives none, and logs that', () => {
    for (const text of ['null\n', '7\n', '"text"\n']) {
      writeFileSync(path.join(directory, NAME), text);
      expect(start().left).toBeUndefined();
    }
    expect(warned).toHaveLength(3);
    writeFileSync(path.join(directory, NAME), '{"ended":"a1"}\n{"begun":{"id":"a1"}}\n');
    expect(start().left).toBeUndefined();
  });
});

describe('without a file', () => {
  it('there are no last words, which is logged once, and everything else works', async () => {
    directory = path.join(root, 'no such directory');
    const { words, left } = start();
    expect(left).toBeUndefined();
    expect(warned).toEqual([
      expect.stringMatching(
        /^could not open the last words; a death of the process is noticed later: Error: ENOENT/,
      ),
    ]);
    words.received([a1], UNTIL);
    words.begun(a1, '0:v1', false);
    words.ended(a1);
    const fake = new FakeQueue();
    await words.watching(fake).delete(a1);
    words.clear();
    expect(fake.deleted).toEqual(['a1']);
    expect(warned).toHaveLength(1);
  });

  it('nothing is noted before the last words were read', () => {
    const words = new LastWordsFile({ codeVersion: 'v1', warn, directory });
    words.received([a1], UNTIL);
    words.clear();
    expect(start().left).toBeUndefined();
    expect(warned).toEqual([]);
  });
});
