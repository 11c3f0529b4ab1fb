/** The operator's `replay`: what is parked, under which places, and how it is continued. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ControlAnswer } from '../../../../contract/operations.ts';
import type { ReplayView } from '../../../../contract/operator-views.ts';
import { control } from '../../../../lambdas/control/control.ts';
import type { Archive } from '../../../../lambdas/core/stage/replay-port.ts';
import { WISHES } from '../../../../contract/archive.ts';
import { makeSlice, ROOM } from '../../../../lambdas/control/replay/slice.ts';
import { replayOf } from '../../../../lambdas/core/event/archive-line.ts';
import { parseEnvelope } from '../../../../lambdas/core/event/envelope.ts';
import type { SluiceEvent } from '../../../../lambdas/core/event/event.ts';
import { MemoryArchive, MemoryErasures, MemoryReplays } from '../../../support/memory-archive.ts';
import { START, World } from '../world.ts';

const HOUR = 3_600_000;
const FROM = START - 3 * HOUR;
const iso = (time: number): string => new Date(time).toISOString();

let world: World;
let files: MemoryArchive;
let replays: MemoryReplays;
let archive: Archive;

beforeEach(() => {
  world = new World();
  files = new MemoryArchive();
  replays = new MemoryReplays();
  archive = {
    files,
    replays,
    erasures: new MemoryErasures(),
    destinations: [
      { id: 'crm', filter: { type: 'track' } },
      { id: 'lake', sources: ['app'] },
    ],
    functionTime: 60_000,
  };
});

interface Options {
  readonly key?: string;
  readonly place?: number;
  readonly began?: number;
  readonly source?: string;
  readonly content?: object;
}

/** An event of a key, archived that many milliseconds after `FROM`. */
const put = (sequence: number, after: number, options: Options = {}): void => {
  const { key = 'k', place = 0, began, source = 'web', content = {} } = options;
  const event = {
    messageId: `${key}-${sequence}-${place}`,
    type: 'track',
    userId: key,
    ...content,
  } as SluiceEvent;
  files.put(
    { key, sequence: String(sequence), place, source, receivedAt: iso(FROM + after), content: event },
    FROM + after,
    began === undefined ? undefined : FROM + began,
  );
};

const ask = async (request: object): Promise<ControlAnswer<'replay'>> =>
  (await control({ command: 'replay', ...request }, { ...world.deps, archive })) as ControlAnswer<'replay'>;
const view = async (request: object): Promise<ReplayView> => {
  const answer = await ask(request);
  if (!answer.ok) throw new Error(answer.refused);
  return answer.result;
};
const ALL = { stage: 'crm', from: iso(FROM), to: iso(START) };
const begin = async (request: object = {}): Promise<string> => (await view({ ...ALL, ...request })).id ?? '';
const finish = async (id: string, more: object = {}): Promise<ReplayView> => {
  for (let i = 0; i < 1_000; i += 1) {
    const now = await view({ id, ...more });
    if (now.isDone) return now;
  }
  throw new Error('it does not end');
};

const parked = (key = 'k', stage = 'crm') => world.parking.messages(stage, key);
const events = (key = 'k'): readonly SluiceEvent[] =>
  [...parked(key)]
    .sort((a, b) => (a.sort < b.sort ? -1 : 1))
    .flatMap(({ body }) => {
      const envelope = parseEnvelope(body);
      return envelope?.kind === 'events' ? envelope.events : [];
    });
const ids = (key = 'k') => events(key).map(({ messageId }) => messageId);

describe('a replay', () => {
  it('parks what is archived in the order of each key, whatever the order of the files is', async () => {
    put(10, 50_000, { began: 40_000 });
    put(9, 49_000, { began: 45_000 });
    put(100, 70_000, { began: 40_000 });
    put(7, 5_000, { key: 'other' });
    const done = await finish(await begin());
    expect(done).toMatchObject({ events: 4, messages: 4, withheld: 0, isDone: true });
    expect(ids()).toEqual(['k-9-0', 'k-10-0', 'k-100-0']);
    expect(ids('other')).toEqual(['other-7-0']);
  });

  it('gives each message an id of its own, although SQS numbers the messages of each key apart', async () => {
    put(9, 1_000);
    put(9, 1_000, { key: 'other' });
    await finish(await begin());
    expect(parked()[0]?.id).not.toBe(parked('other')[0]?.id);
  });

  it('marks the events, and keeps their ids, their source and when they were accepted', async () => {
    put(9, 1_000, { content: { context: { ip: '::1' } } });
    const id = await begin();
    await finish(id);
    expect(events().map(replayOf)).toEqual([id]);
    expect(parseEnvelope(parked()[0]?.body ?? '')).toMatchObject({
      sourceId: 'web',
      receivedAt: iso(FROM + 1_000),
      events: [{ messageId: 'k-9-0', context: { ip: '::1', sluice: { replay: id } } }],
    });
  });

  it('goes before what is parked, and what arrives goes behind it', async () => {
    await world.park('crm', 'k', [{ messageId: 'waits' }], { sequence: 1 });
    put(9, 1_000);
    await finish(await begin());
    await world.park('crm', 'k', [{ messageId: 'arrives' }], { sequence: 2 });
    expect(ids()).toEqual(['k-9-0', 'waits', 'arrives']);
  });

  it('makes a head that rests until a batch is over that has not seen it', async () => {
    put(9, 1_000);
    await finish(await begin());
    const head = world.parking.head('crm', 'k');
    expect(head).toMatchObject({ reason: expect.stringMatching(/^replayed: /) as unknown, failures: 0 });
    expect(head?.leaseUntil).toBeGreaterThanOrEqual(world.now + 60_000);
  });

  it('keeps events together that were archived together, and leaves out repeated ones', async () => {
    for (const place of [0, 1, 2]) put(9, 1_000, { place });
    for (const place of [0, 1, 2]) put(9, 2_000, { place });
    put(9, 3_000, { place: 3 });
    expect(await finish(await begin())).toMatchObject({ events: 4, messages: 2 });
    expect(ids()).toEqual(['k-9-0', 'k-9-1', 'k-9-2', 'k-9-3']);
    expect(parked()).toHaveLength(2);
  });

  it('sends what the destination gets, as the router judges it', async () => {
    put(1, 1_000, { content: { type: 'page' } });
    put(2, 2_000, { content: { integrations: { crm: false } } });
    put(3, 3_000);
    expect(await finish(await begin())).toMatchObject({ events: 1, withheld: 2 });
    expect(ids()).toEqual(['k-3-0']);
    put(4, 4_000, { source: 'app' });
    expect(await finish(await begin({ stage: 'lake' }))).toMatchObject({ events: 1, withheld: 3 });
  });

  it('to the destinations alone to which a tracking plan sent the event', async () => {
    put(1, 0, { content: { [WISHES]: { only: ['lake'] } } });
    put(2, 1, { content: { [WISHES]: { only: ['crm', 'lake'] } } });
    expect(await finish(await begin())).toMatchObject({ events: 1, withheld: 1 });
    expect(events().map(({ messageId }) => messageId)).toEqual(['k-2-0']);
    expect(JSON.stringify(events())).not.toContain(WISHES);
  });

  it('takes a time, a source, the name of an event and a user', async () => {
    put(1, 1_000, { content: { event: 'Paid' } });
    put(2, 2_000, { source: 'app', content: { event: 'Paid' } });
    put(3, 3_000, { key: 'other', content: { event: 'Paid' } });
    put(4, HOUR + 1, { content: { event: 'Paid' } });
    put(5, 5_000);
    const selection = { event: 'Paid', source: 'web', userId: 'k', to: iso(FROM + HOUR) };
    expect(await finish(await begin(selection))).toMatchObject({ events: 1 });
    expect(ids()).toEqual(['k-1-0']);
  });

  it('is parked in a degraded stage too', async () => {
    world.degraded('crm');
    put(1, 1_000);
    expect(await finish(await begin())).toMatchObject({ messages: 1 });
  });

  it('pages nobody for the users that it parks', async () => {
    for (let i = 0; i < 20; i += 1) put(i, 1_000, { key: `k${i}` });
    await finish(await begin());
    await control({ source: 'aws.events' }, { ...world.deps, archive });
    expect(world.metric('UsersParked')).toEqual([0]);
  });
});

describe('a replay of many slices', () => {
  it('parks the same as one, whatever its limit is', async () => {
    for (let i = 0; i < 200; i += 1)
      put(i, 1_000 + 37 * i, { key: `k${i % 7}`, began: 1_000 + 300 * (i % 5) });
    const done = await finish(await begin(), { limit: 3 });
    expect(done).toMatchObject({ events: 200, messages: 200 });
    for (let key = 0; key < 7; key += 1) {
      const own = Array.from({ length: 200 }, (_, i) => i).filter((i) => i % 7 === key);
      expect(ids(`k${key}`)).toEqual(own.map((i) => `k${key}-${i}-0`));
    }
  });

  it('made again is parked once: its places are names', async () => {
    for (let i = 0; i < 30; i += 1) put(i, 1_000 + i);
    const id = await begin();
    const before = replays.records.get(id);
    await view({ id, limit: 10 });
    // The process died before it could store how far it had come.
    if (before !== undefined) replays.records.set(id, before);
    await finish(id, { limit: 7 });
    expect(ids()).toEqual(Array.from({ length: 30 }, (_, i) => `k-${i}-0`));
  });

  it('stops when its time is nearly over, and is continued', async () => {
    for (let i = 0; i < 250; i += 1) put(i, 1_000 + i);
    const id = await begin();
    world.deps.parking.putMessage = (
      (original) =>
      (...args: Parameters<typeof original>) => {
        world.timeLeft -= 200;
        return original(...args);
      }
    )(world.parking.putMessage.bind(world.parking));
    world.timeLeft = 30_000;
    const first = await view({ id });
    expect(first).toMatchObject({ isDone: false, messages: 100 });
    for (let i = 0; i < 2; i += 1) {
      world.timeLeft = 30_000;
      await view({ id });
    }
    expect(ids()).toHaveLength(250);
  });

  it('holds no more of the archive than it has room for', async () => {
    for (let i = 0; i < 400; i += 1) put(i, 1_000 + 10 * i, { began: 1_000 + 500 * (i % 8) });
    let position = { at: FROM };
    const found: number[] = [];
    const pick = () => ({ text: 'x'.repeat(1_000) });
    for (let i = 0; position.at < START && i < 2_000; i += 1) {
      const slice = await makeSlice(position, START, { pick, mayBe: () => true }, 1, undefined, {
        files,
        erasures: new MemoryErasures(),
        clock: () => START,
        timeLeft: () => ROOM + 1,
        budget: 20_000,
      });
      found.push(slice.counts.messages);
      position = slice.position;
    }
    expect(position.at).toBe(START);
    expect(found.reduce((sum, one) => sum + one, 0)).toBe(400);
  });

  it('is continued by one command at a time', async () => {
    for (let i = 0; i < 30; i += 1) put(i, 1_000 + i);
    const id = await begin();
    const answers = await Promise.all([ask({ id, limit: 5 }), ask({ id, limit: 5 })]);
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    expect(answers.find(({ ok }) => !ok)).toMatchObject({
      refused: expect.stringContaining('another command continues') as unknown,
    });
  });
});

describe('a dry run', () => {
  it('counts, shows the first events, and parks nothing', async () => {
    for (let i = 0; i < 5; i += 1) put(i, 1_000 + i);
    const dry = await view({ ...ALL, dryRun: true });
    expect(dry).toMatchObject({ events: 5, messages: 5, isDone: true });
    expect(dry.sample?.map(({ messageId }) => messageId)).toEqual(['k-0-0', 'k-1-0', 'k-2-0']);
    expect(dry).not.toHaveProperty('id');
    expect(parked()).toEqual([]);
    expect(replays.records.size).toBe(0);
  });

  it('continues at its cursor', async () => {
    for (let i = 0; i < 5; i += 1) put(i, 1_000 + i);
    const first = await view({ ...ALL, dryRun: true, limit: 2 });
    expect(first).toMatchObject({ events: 2, isDone: false });
    const rest = await view({ ...ALL, dryRun: true, cursor: first.cursor });
    expect(rest).toMatchObject({ events: 3, isDone: true });
    expect(await ask({ ...ALL, dryRun: true, cursor: 'x' })).toMatchObject({ ok: false });
  });
});

describe('what cannot be replayed', () => {
  it('is refused, with what to change', async () => {
    const refused = async (request: object) => {
      const answer = await ask(request);
      return answer.ok ? '' : answer.refused;
    };
    expect(await refused({})).toContain('stage: is missing');
    expect(await refused({ ...ALL, stage: 'router' })).toContain('to a destination alone: crm, lake');
    expect(await refused({ stage: 'crm' })).toContain('from: is missing');
    expect(await refused({ ...ALL, from: 'yesterday' })).toContain('from: expected a time');
    expect(await refused({ ...ALL, to: ALL.from })).toContain('to: is not after from');
    expect(await refused({ id: 'r9' })).toContain('there is no replay r9');
    expect(await refused({ id: 'r9', cursor: 'c' })).toContain('cursor: belongs to a dry run');
    expect(await control({ command: 'replay', ...ALL }, world.deps)).toMatchObject({
      refused: expect.stringContaining('has no archive') as unknown,
    });
  });
});
