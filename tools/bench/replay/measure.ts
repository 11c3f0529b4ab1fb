/**
 * Replays an archive into a destination under live traffic of the same users, kills everything in the middle, again and again, and audits
 * what the destination got.
 */
import { replayOf } from '../../../lambdas/core/event/archive-line.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { Receiver } from '../../driver/receiver.ts';
import { until } from '../../driver/until.ts';
import { closing } from '../closing.ts';
import { sendLoad } from '../load.ts';
import { SOURCE, WRITE_KEY } from '../local-run.ts';
import { fillArchive, placeOfArchive } from './archive.ts';
import { ReplayLedger, type ReplayVerdict } from './ledger.ts';
import { Past, type PastSize } from './past.ts';
import { ReplayPipeline, STAGE, type Peaks } from './pipeline.ts';

export interface Replayed extends ReplayVerdict, PastSize {
  readonly kills: number;
  /** Bytes of the archive's lines, and of its files. */
  readonly archive: { readonly files: number; readonly bytes: number; readonly compressed: number };
  /** Seconds: from the beginning until everything was parked, until the last event had come, and of these how long nothing ran. */
  readonly parkedAfter: number;
  readonly deliveredAfter: number;
  readonly down: number;
  /** Until what live traffic had left behind was delivered, too. */
  readonly settledAfter: number;
  readonly slices: number;
  /** Bytes. */
  readonly peaks: Peaks;
}

type Print = (line: string) => void;

const PATH = '/0';
const KILLS = 3;
/** Live events a second, of all users together. */
const LIVE_PACE = 20;
/** The last file has been written when the replay begins, as after a night. */
const SETTLED_MS = 10 * 60_000;
/** What was in flight at a kill waits for its visibility timeout, and a drain for the lease of the one before. */
const QUIET_MS = 300_000;
const INSISTENT = { maxTries: Infinity, pauseMs: 500, resendsUnanswered: true };
const SAY_MS = 10_000;

export const measureReplay = async (size: PastSize, print: Print): Promise<Replayed> => {
  const receiver = await Receiver.start({ keepsRequests: false });
  return closing(
    () => receiver.close(),
    () => {
      const pipeline = new ReplayPipeline(receiver.url(PATH));
      return closing(
        () => pipeline.close(),
        () => replayUnderLoad(size, pipeline, receiver, print),
      );
    },
  );
};

const replayUnderLoad = async (
  size: PastSize,
  pipeline: ReplayPipeline,
  receiver: Receiver,
  print: Print,
): Promise<Replayed> => {
  await pipeline.start();
  const past = new Past(size, Date.now() - SETTLED_MS);
  const archive = await filled(past, pipeline);
  print(`replay: ${size.events} events in ${archive.files} files of the archive`);
  const ledger = new ReplayLedger(past);
  let id: string | undefined;
  receiver.answer(PATH, ({ events }) => {
    const at = performance.now();
    for (const event of events) {
      const mark = replayOf(event as unknown as SluiceEvent);
      ledger.arrive(event.messageId, mark !== undefined && mark === id, at);
    }
    return 200;
  });
  let isOver = false;
  const live = sendLive(pipeline, size.users, ledger, () => isOver);
  const began = performance.now();
  const seconds = (to: number | undefined): number => ((to ?? performance.now()) - began) / 1_000;
  const progress = { parked: 0, slices: 0, parkedAfter: 0 };
  const parking = (async () => {
    const to = new Date(past.to).toISOString();
    const first = await pipeline.replay({ stage: STAGE, from: new Date(past.from).toISOString(), to });
    id = first.id;
    for (let { isDone } = first; !isDone;) {
      const view = await pipeline.replay({ id });
      ({ isDone } = view);
      ledger.parked(view.at);
      progress.parked = view.events;
      progress.slices += 1;
    }
    progress.parkedAfter = seconds(undefined);
  })();
  const share = (): number => (progress.parked + ledger.replayed) / (2 * size.events);
  const say = setInterval(() => print(`  ${status(progress.parked, ledger, seconds(undefined))}`), SAY_MS);
  try {
    let down = 0;
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await Promise.race([reached(kill / (KILLS + 1), share), failed(parking), failed(live)]);
      down += await pipeline.kill();
      print(`  killed, and up again: ${status(progress.parked, ledger, seconds(undefined))}`);
    }
    await parking;
    await reached(1, share);
    isOver = true;
    await live;
    await settled(ledger);
    return {
      ...size,
      ...ledger.verdict(),
      kills: KILLS,
      archive,
      parkedAfter: progress.parkedAfter,
      deliveredAfter: seconds(ledger.times.last),
      down: down / 1_000,
      settledAfter: seconds(undefined),
      slices: progress.slices,
      peaks: pipeline.peaks,
    };
  } finally {
    isOver = true;
    clearInterval(say);
  }
};

const status = (parked: number, ledger: ReplayLedger, seconds: number): string => {
  const { past, live, tooEarly } = ledger.verdict();
  const wrong = past.outOfOrder + live.outOfOrder + tooEarly;
  return `${seconds.toFixed(0)} s: ${parked} parked, ${past.arrived} delivered; live: ${live.arrived} of ${live.events}; out of order: ${wrong}`;
};

/** The stream's place is where an event of the pipeline's own is archived. */
const filled = async (past: Past, { run }: ReplayPipeline): Promise<Replayed['archive']> => {
  const one = { batch: 1, usersPerRequest: 1, gzip: false, pace: undefined };
  const size = { connections: 1, users: 1, events: 1, seconds: undefined };
  const ledger = { issue: () => ({ messageId: 'first', user: 0 }), accept: () => undefined };
  await sendLoad(one, size, {
    target: { dataPlaneUrl: run.dataPlaneUrl, writeKey: WRITE_KEY },
    ledger,
  });
  const place = await until('the archive to have a file', () => placeOfArchive(run.dataDir), {
    context: () => run.output.slice(-4_000),
  });
  return fillArchive(past, SOURCE, run.dataDir, place);
};

const sendLive = async (
  pipeline: ReplayPipeline,
  users: number,
  ledger: ReplayLedger,
  isOver: () => boolean,
): Promise<void> => {
  const shape = { batch: 1, usersPerRequest: 1, gzip: false, pace: LIVE_PACE };
  const size = { connections: 4, users, events: Infinity, seconds: undefined };
  const target = {
    writeKey: WRITE_KEY,
    get dataPlaneUrl(): string {
      return pipeline.dataPlaneUrl;
    },
  };
  await sendLoad(shape, size, { target, ledger, persistence: INSISTENT, isOver });
};

/** @throws Error when there was no progress for long */
const reached = async (share: number, now: () => number): Promise<void> => {
  let [best, at] = [now(), performance.now()];
  await until(
    `${(100 * share).toFixed(0)} % of the replay`,
    () => {
      if (now() > best) [best, at] = [now(), performance.now()];
      if (performance.now() - at > QUIET_MS)
        throw new Error(`nothing came any more at ${(100 * best).toFixed(1)} %`);
      return best >= share;
    },
    { deadlineMs: Infinity, pollMs: 50 },
  );
};

/** Never resolves: it is raced against what waits. */
const failed = (work: Promise<void>): Promise<never> =>
  new Promise((_, reject) => {
    work.catch(reject);
  });

const settled = async (ledger: ReplayLedger): Promise<void> => {
  await until('live traffic to be delivered', () => ledger.isComplete, {
    deadlineMs: QUIET_MS,
    pollMs: 200,
  }).catch(() => undefined);
};
