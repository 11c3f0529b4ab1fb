/** One local run with a destination of each kind, and an archive: each kind gets the events of its own source, and a replay those of one. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ARCHIVE } from '../../../contract/archive.ts';
import { askControl } from '../../driver/control.ts';
import { Ledger } from '../../driver/ledger.ts';
import { LocalRun } from '../../driver/local-run.ts';
import { Receiver } from '../../driver/receiver.ts';
import { until } from '../../driver/until.ts';
import { closing } from '../closing.ts';
import { sendLoad } from '../load.ts';
import { whileUp } from '../local-run.ts';
import { preloadsFor, takeEgress, type Delivery } from './counted.ts';
import { readCounts, since, type Counts } from './counts.ts';
import { ABOUT, DELIVERIES, kindsOf, PATHS, SHAPES, WEBHOOK } from './kinds.ts';
import { costOfKind, costOfReplay, type KindRow } from './kinds-cost.ts';
import { PRICES } from './prices.ts';
import { readBilled } from './template.ts';

export interface KindCost {
  readonly kind: string;
  readonly about: string;
  readonly rows: readonly (KindRow & { readonly shape: string; readonly delivery: Delivery })[];
}

/** Of a webhook, and of a service of the catalogue, as the other table of costs has it. */
const WEBHOOK_MS = 60;
/** Of a service of AWS that is sent to. */
const SERVICE_MS = 20;
const CONNECTIONS = 4;
const USERS = 200;
const CONCURRENCY = 2;
/** Long, since control's own runs are counted with a replay, and short, since they begin its drain. */
const CONTROL_SECONDS = 30;
/** The counter writes every 200 ms, and the archive's stand-in of Firehose its files every second. */
const SETTLE_MS = 2_000;
const PATIENCE = 60;
const DEADLINE = { deadlineMs: 300_000, pollMs: 1_000 };

const bytesOf = (directory: string): number =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.gz'))
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);

/** Of the archive's bucket, and not of a destination's. */
const archiveDirectory = ({ dataDir }: LocalRun): string => {
  const found = readdirSync(join(dataDir, 's3')).find((name) => name.includes('archive'));
  if (found === undefined) throw new Error('the local run has no bucket for its archive');
  return join(dataDir, 's3', found);
};

const untilEmpty = async (run: LocalRun, ids: readonly string[]): Promise<void> => {
  await until(
    `${ids.join(' and ')} to have sent everything`,
    async () => {
      const { stages } = await askControl(run.consoleUrl, { command: 'status' }, PATIENCE);
      return stages
        .filter(({ id }) => ids.includes(id))
        .every(({ queue, parkedKeys }) => queue.visible + queue.inFlight + parkedKeys === 0)
        ? true
        : undefined;
    },
    DEADLINE,
  );
  await sleep(SETTLE_MS);
};

class Measured {
  readonly #run: LocalRun;
  readonly #receiver: Receiver;

  constructor(run: LocalRun, receiver: Receiver) {
    this.#run = run;
    this.#receiver = receiver;
  }

  counts(): Promise<Counts> {
    return readCounts(this.#run.dataDir);
  }

  archived(): number {
    return bytesOf(archiveDirectory(this.#run));
  }

  /** Of requests to the webhook since it was asked before. */
  egress(): number {
    return takeEgress(this.#receiver);
  }

  async send(id: string, batch: number, events: number): Promise<void> {
    const size = { connections: CONNECTIONS, users: USERS, events, seconds: undefined };
    const load = { batch, usersPerRequest: 1, gzip: false, pace: undefined };
    const target = { dataPlaneUrl: this.#run.dataPlaneUrl, writeKey: `${id}-key` };
    await sendLoad(load, size, { target, ledger: new Ledger(1) });
    await untilEmpty(this.#run, ['router', id, ARCHIVE]);
  }

  /** Everything that the webhook's source sent in this time, to the webhook. @returns how many events */
  async replay(from: number, to: number): Promise<number> {
    const times = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
    const ask = (
      request: { readonly id: string } | (typeof times & { readonly source: string; readonly stage: string }),
    ) => askControl(this.#run.consoleUrl, { command: 'replay', ...request }, PATIENCE);
    let view = await ask({ stage: WEBHOOK, source: WEBHOOK, ...times });
    while (!view.isDone) view = await ask({ id: view.id ?? '' });
    const { events } = view;
    // Without asking control, whose calls are counted.
    await until(
      `${events} replayed events`,
      () => (this.#receiver.requests.length >= events ? true : undefined),
      DEADLINE,
    );
    await sleep(SETTLE_MS);
    return events;
  }
}

type Print = (line: string) => void;

type Rows = ReadonlyMap<string, KindCost['rows']>;

const measure = async (
  run: LocalRun,
  receiver: Receiver,
  delivery: Delivery,
  print: Print,
): Promise<Rows> => {
  const kinds = kindsOf(receiver.url(PATHS.webhook));
  const measured = new Measured(run, receiver);
  const billed = await readBilled(join(run.dataDir, 'cdk.out'));
  const found = new Map<string, KindCost['rows']>();
  const add = (kind: string, shape: string, row: KindRow): void => {
    found.set(kind, [...(found.get(kind) ?? []), { ...row, shape, delivery }]);
  };
  // First invocations load code.
  for (const { id } of kinds) await measured.send(id, 1, 10);
  for (const { name, batch, events: all } of SHAPES) {
    const events = all[delivery];
    const [first, archivedBefore] = [await measured.counts(), measured.archived()];
    let [from, to] = [0, 0];
    for (const { id } of kinds) {
      print(`kinds: ${id}, ${name}, ${delivery} ...`);
      measured.egress();
      const before = await measured.counts();
      const began = Date.now();
      await measured.send(id, batch, events);
      if (id === WEBHOOK) [from, to] = [began, Date.now()];
      const counts = since(before, await measured.counts());
      add(id, name, costOfKind({ id, events, counts, egressBytes: measured.egress() }, billed, PRICES));
    }
    const archive = {
      id: ARCHIVE,
      events: events * kinds.length,
      counts: since(first, await measured.counts()),
      archivedBytes: measured.archived() - archivedBefore,
    };
    add(ARCHIVE, name, costOfKind(archive, billed, PRICES));

    print(`kinds: replay, ${name}, ${delivery} ...`);
    const before = await measured.counts();
    const replayed = await measured.replay(from, to);
    if (replayed < events) throw new Error(`${replayed} of ${events} events were replayed`);
    const counts = since(before, await measured.counts());
    const egressBytes = measured.egress();
    add('replay', name, costOfReplay({ id: WEBHOOK, events: replayed, counts, egressBytes }, billed, PRICES));
  }
  return found;
};

const measureDelivery = async (delivery: Delivery, print: Print): Promise<Rows> => {
  const receiver = await Receiver.start();
  return closing(
    () => receiver.close(),
    () => {
      for (const path of Object.values(PATHS)) receiver.answer(path, { status: 200, delay: WEBHOOK_MS });
      const kinds = kindsOf(receiver.url(PATHS.webhook));
      const run = new LocalRun({
        config: {
          sources: kinds.map(({ id }) => ({ id, writeKey: `${id}-key` })),
          destinations: kinds.map((kind) => ({ ...kind, sources: [kind.id] })),
          archive: {},
        },
        apart: true,
        preload: preloadsFor(delivery),
        env: {
          SLUICE_CONCURRENCY: String(CONCURRENCY),
          SLUICE_CONTROL_SECONDS: String(CONTROL_SECONDS),
          SLUICE_BENCH_ANSWER_MS: String(SERVICE_MS),
          SLUICE_ACTIONS_ORIGIN: receiver.url(''),
        },
      });
      return whileUp(run, () => measure(run, receiver, delivery, print));
    },
  );
};

export const measureKinds = async (print: Print): Promise<readonly KindCost[]> => {
  const all: Rows[] = [];
  for (const delivery of DELIVERIES) all.push(await measureDelivery(delivery, print));
  return Object.entries(ABOUT).map(([kind, about]) => ({
    kind,
    about,
    rows: all.flatMap((rows) => rows.get(kind) ?? []),
  }));
};
