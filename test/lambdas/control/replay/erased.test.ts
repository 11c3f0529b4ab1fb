/** `erase` and replays: whom the deletion list names, and what is left of a replay that runs meanwhile. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ErasedPage, ReplayView } from '../../../../contract/operator-views.ts';
import { control } from '../../../../lambdas/control/control.ts';
import { expiryOf } from '../../../../lambdas/control/replay/erased.ts';
import { parseEnvelope } from '../../../../lambdas/core/event/envelope.ts';
import { orderKey } from '../../../../lambdas/core/event/order-key.ts';
import type { Archive } from '../../../../lambdas/core/stage/replay-port.ts';
import { MemoryArchive, MemoryErasures, MemoryReplays } from '../../../support/memory-archive.ts';
import { START, World } from '../world.ts';

const HOUR = 3_600_000;
const FROM = START - 3 * HOUR;
const iso = (time: number): string => new Date(time).toISOString();

let world: World;
let files: MemoryArchive;
let erasures: MemoryErasures;
let archive: Archive;

beforeEach(() => {
  world = new World();
  files = new MemoryArchive();
  erasures = new MemoryErasures();
  archive = {
    files,
    replays: new MemoryReplays(),
    erasures,
    destinations: [{ id: 'crm' }],
    functionTime: 60_000,
  };
});

/** @param event with an `id`, which is its `messageId` */
const put = (
  sequence: number,
  { id, ...event }: Record<string, unknown> & { readonly id: string },
  { key = 'k', place = 0, source = 'web', receivedAt = FROM + sequence } = {},
): void =>
  files.put(
    {
      key,
      sequence: String(sequence),
      place,
      source,
      receivedAt: iso(receivedAt),
      content: { messageId: id, type: 'track', ...event },
    },
    FROM + sequence,
  );

const ask = async (request: object): Promise<unknown> => {
  const answer = await control(request, { ...world.deps, archive });
  if (answer?.ok !== true) throw new Error(JSON.stringify(answer));
  return answer.result;
};
const ADA = { command: 'erase', source: 'web', userId: 'ada' };
const erasePage = (request: object = {}) => ask({ ...ADA, ...request }) as Promise<ErasedPage>;
/** Page by page. */
const erase = async (request: object = {}): Promise<ErasedPage> => {
  let page = await erasePage(request);
  let { parked } = page;
  while (page.cursor !== undefined) {
    page = await erasePage({ ...request, cursor: page.cursor });
    parked += page.parked;
  }
  return { ...page, parked };
};
const ALL = { command: 'replay', stage: 'crm', from: iso(FROM), to: iso(START + HOUR) };
const replay = async (more: object = {}): Promise<ReplayView> => {
  const { id } = (await ask({ ...ALL, ...more })) as ReplayView;
  for (let i = 0; i < 100; i += 1) {
    const view = (await ask({ command: 'replay', id })) as ReplayView;
    if (view.isDone) return view;
  }
  throw new Error('it does not end');
};
const parked = (key = 'k'): readonly string[] =>
  world.parking.messages('crm', key).flatMap(({ body }) => {
    const envelope = parseEnvelope(body);
    return envelope?.kind === 'events' ? envelope.events.map(({ messageId }) => messageId) : [];
  });

describe('the deletion list', () => {
  it.each([
    ['userId', { userId: 'ada' }, {}],
    ['userId with characters that nobody sees', { userId: ' ada\u200b' }, {}],
    ['a number for an id', { userId: 42 }, { userId: '42' }],
    ['previousId', { previousId: 'ada', userId: 'new' }, {}],
    ['anonymousId', { anonymousId: 'phone' }, { userId: 'nobody', anonymousId: 'phone' }],
    ['one of two ids', { anonymousId: 'phone', userId: 'bob' }, { anonymousId: 'phone' }],
  ])('has a person by %s', async (_, event, request) => {
    put(1, { id: 'e1', ...event });
    put(2, { id: 'e2', userId: 'bob' });
    await erase(request);
    expect(await replay()).toMatchObject({ events: 1, messages: 1, erased: 1, withheld: 0 });
    expect(parked()).toEqual(['e2']);
  });

  it('knows by its order key an event whose ids a transform has removed', async () => {
    const key = orderKey('web', { userId: 'ada', anonymousId: '' }, 'userId');
    put(1, { id: 'e1' }, { key });
    await erase();
    expect(await replay()).toMatchObject({ events: 0, erased: 1 });
  });

  it.each([
    ['another source', { userId: 'ada' }, { source: 'app' }],
    ['a device whose id is the user’s', { anonymousId: 'ada' }, {}],
    ['the time after it: who comes back is a new person', { userId: 'ada' }, { receivedAt: START }],
  ])('does not reach %s', async (_, event, options) => {
    put(1, { id: 'e1', ...event }, options);
    await erase();
    expect(await replay()).toMatchObject({ events: 1, erased: 0 });
  });

  it('reaches to the latest time at which the person was erased', async () => {
    put(1, { id: 'e1', userId: 'ada' }, { receivedAt: START });
    await erase();
    world.now = START + 1;
    await erase();
    expect(await replay()).toMatchObject({ events: 0, erased: 1 });
  });

  it('has no id, and is kept for as long as the files are, and a month', async () => {
    await erase({ userId: 'ada lovelace', anonymousId: 'her phone' });
    expect(erasures.entries).toHaveLength(1);
    expect(JSON.stringify(erasures.entries)).not.toMatch(/ada|lovelace|phone/);
    expect(erasures.entries[0]?.expires).toBeUndefined();
    archive = { ...archive, days: 30 };
    await erase();
    expect(erasures.entries[1]?.expires).toBe(START + 61 * 24 * HOUR);
    expect(expiryOf(0, undefined)).toBeUndefined();
  });

  it('gets one entry of an erase of many pages, and none of a dry run or without an archive', async () => {
    for (let i = 0; i < 25; i += 1) await world.park('crm', `k${i}`, [{ messageId: `e${i}`, userId: 'ada' }]);
    world.timeLeft = 0;
    expect(await erase({ dryRun: true })).toMatchObject({ parked: 25 });
    expect(erasures.entries).toEqual([]);
    expect(await erase()).toMatchObject({ parked: 25 });
    expect(erasures.entries).toHaveLength(1);
    await control(ADA, world.deps);
    expect(erasures.entries).toHaveLength(1);
  });
});

it('says that the archive has files, and for how long', async () => {
  expect(await erase()).toMatchObject({ archive: {} });
  archive = { ...archive, days: 30 };
  expect(await erase({ dryRun: true })).toMatchObject({ archive: { days: 30 } });
  const without = await control(ADA, world.deps);
  expect(without).toMatchObject({ ok: true });
  expect(JSON.stringify(without)).not.toContain('archive');
});

it('takes out what a replay has parked', async () => {
  put(1, { id: 'e1', userId: 'ada' });
  put(2, { id: 'e2', userId: 'bob' });
  await replay();
  world.now += 2 * HOUR;
  expect(await erase()).toMatchObject({ parked: 1 });
  expect(parked()).toEqual(['e2']);
});

describe('a replay', () => {
  it('leaves out some events of a message, and keeps the place of the message', async () => {
    put(1, { id: 'e1', userId: 'bob' });
    await replay();
    const [before] = world.parking.messages('crm', 'k');
    for (const place of [0, 1, 2])
      put(9, { id: `m${place}`, userId: ['ada', 'bob', 'ada'][place] }, { place, key: 'phone' });
    await erase();
    expect(await replay()).toMatchObject({ events: 2, messages: 2, erased: 2 });
    expect(parked('phone')).toEqual(['m1']);
    const [message] = world.parking.messages('crm', 'phone');
    expect(message?.sort).toMatch(/#0+9#000000#000002$/);
    expect(before?.sort).toMatch(/#0+1#000000#000000$/);
  });

  it('counts in a dry run, and does not show them', async () => {
    put(1, { id: 'e1', userId: 'ada' });
    put(2, { id: 'e2', userId: 'bob' });
    await erase();
    const view = (await ask({ ...ALL, dryRun: true })) as ReplayView;
    expect(view).toMatchObject({ events: 1, erased: 1, isDone: true });
    expect(view.sample?.map(({ messageId }) => messageId)).toEqual(['e2']);
  });

  /** The person is erased when the first message of the slice has been written. */
  const eraseWithin = (): void => {
    const { parking } = world;
    const putMessage = parking.putMessage.bind(parking);
    let isErased = false;
    parking.putMessage = async (...args) => {
      // It is written when erase has looked through what is parked.
      if (!isErased) {
        isErased = true;
        await erase();
      }
      await putMessage(...args);
    };
  };

  it('takes back what it had read and has parked since the person was erased', async () => {
    put(1, { id: 'e1', userId: 'ada' });
    put(2, { id: 'e2', userId: 'ada' }, { key: 'phone' });
    put(2, { id: 'e3', userId: 'bob' }, { key: 'phone', place: 1 });
    eraseWithin();
    expect(await replay()).toMatchObject({ events: 1, messages: 1, erased: 2 });
    expect(parked()).toEqual([]);
    expect(parked('phone')).toEqual(['e3']);
  });

  it('that died before it could, does so when it is continued', async () => {
    put(1, { id: 'e1', userId: 'ada' });
    put(2, { id: 'e2', userId: 'ada' }, { key: 'phone' });
    put(2, { id: 'e3', userId: 'bob' }, { key: 'phone', place: 1 });
    eraseWithin();
    const { id } = (await ask(ALL)) as ReplayView;
    const since = erasures.since.bind(erasures);
    erasures.since = (from) => (erasures.looks === 0 ? since(from) : Promise.reject(new Error('killed')));
    await expect(ask({ command: 'replay', id })).rejects.toThrow('killed');
    expect([...parked(), ...parked('phone')]).toEqual(['e1', 'e2', 'e3']);
    erasures.since = since;
    expect(await ask({ command: 'replay', id })).toMatchObject({ events: 1, messages: 1, erased: 2 });
    expect([...parked(), ...parked('phone')]).toEqual(['e3']);
  });
});
