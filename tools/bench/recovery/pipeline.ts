/** A local run with one destination here, that can be stopped and let go. */
import type { StageStatus } from '../../../contract/status.ts';
import { askControl } from '../../driver/control.ts';
import { Ledger } from '../../driver/ledger.ts';
import type { LocalRun } from '../../driver/local-run.ts';
import { Receiver } from '../../driver/receiver.ts';
import { until } from '../../driver/until.ts';
import { closing } from '../closing.ts';
import { newLocalRun, whileUp, WRITE_KEY } from '../local-run.ts';
import { sendLoad, type LoadResult } from '../load.ts';
import { arrivals } from '../measure.ts';

export const STAGE = 'destination-1';
const PATH = '/0';

/** How often control is asked again while another run of it is under way. */
const PATIENCE = 60;

export interface Pipeline {
  readonly run: LocalRun;
  readonly receiver: Receiver;
}

/** Of each function, as many as a stage has by default: they mostly wait. */
const CONCURRENCY = 10;

/**
 * @param answerMs how long the destination takes to answer; then functions mostly wait, and there may be as many as on AWS
 * @param batch the most events in a request to it
 */
export const withPipeline = async <T>(
  answerMs: number,
  work: (pipeline: Pipeline) => Promise<T>,
  batch = 1,
): Promise<T> => {
  const receiver = await Receiver.start({ keepsRequests: false });
  return closing(
    () => receiver.close(),
    () => {
      if (answerMs > 0) receiver.answer(PATH, { status: 200, delay: answerMs });
      const env: Record<string, string> = answerMs > 0 ? { SLUICE_CONCURRENCY: String(CONCURRENCY) } : {};
      const settings = batch === 1 ? {} : { batch };
      const run = newLocalRun({ destinations: [receiver.url(PATH)], settings }, { env });
      return whileUp(run, () => work({ run, receiver }));
    },
  );
};

export interface Load {
  readonly events: number;
  readonly users: number;
  readonly connections: number;
  /** In a request, of as many users. */
  readonly batch: number;
}

/** Sends it, and returns when all is answered. */
export const send = async (
  { run, receiver }: Pipeline,
  { batch, ...size }: Load,
): Promise<{ readonly ledger: Ledger; readonly load: LoadResult }> => {
  const ledger = watch(receiver);
  const shape = { batch, usersPerRequest: batch, gzip: false, pace: undefined };
  const target = { dataPlaneUrl: run.dataPlaneUrl, writeKey: WRITE_KEY };
  const load = await sendLoad(shape, { ...size, seconds: undefined }, { target, ledger });
  return { ledger, load };
};

/** Counts what arrives from now on. */
export const watch = (receiver: Receiver): Ledger => {
  const ledger = new Ledger(1);
  receiver.watch([PATH], (destination, messageId, at) => {
    ledger.arrive(destination, messageId, at);
  });
  return ledger;
};

/** Waits until all has arrived. @throws Error when something does not, or in another order */
export const complete = async (ledger: Ledger, from: number, quietMs?: number): Promise<void> => {
  await arrivals(ledger, from, quietMs);
  const { lost, outOfOrder } = ledger.verdict();
  if (lost + outOfOrder > 0)
    throw new Error(
      `${lost} events did not arrive, and ${outOfOrder} were out of order: a benchmark must not find that`,
    );
};

/** As control reports it. */
export const statusOf = async ({ run }: Pipeline, stage: string): Promise<StageStatus> => {
  const { stages } = await askControl(run.consoleUrl, { command: 'status' }, PATIENCE);
  const found = stages.find(({ id }) => id === stage);
  if (found === undefined) throw new Error(`control knows no stage ${stage}`);
  return found;
};

/** Stops a stage, and waits until its queue is not polled any more: what is received later would be hidden for a minute. */
export const hold = async (pipeline: Pipeline, stage: string): Promise<void> => {
  const { consoleUrl } = pipeline.run;
  await askControl(consoleUrl, { command: 'hold', stage, reason: 'the benchmark' }, PATIENCE);
  const isIdle = async (): Promise<boolean> => (await statusOf(pipeline, stage)).mapping.state === 'Disabled';
  await until(`the queue of ${stage} not to be polled`, isIdle, { pollMs: 500, deadlineMs: 150_000 });
};

/** Waits until as many messages are in the destination's queue. */
export const routed = async (pipeline: Pipeline, messages: number): Promise<void> => {
  const areThere = async (): Promise<boolean> =>
    (await statusOf(pipeline, STAGE)).waiting.messages >= messages;
  await until(`${messages} messages to wait for ${STAGE}`, areThere, { pollMs: 500, deadlineMs: 300_000 });
};

/** @returns when it was asked for; milliseconds of `performance.now`. Control answers when events flow already. */
export const resume = async ({ run }: Pipeline, stage: string): Promise<number> => {
  const from = performance.now();
  await askControl(run.consoleUrl, { command: 'resume', stage }, PATIENCE);
  return from;
};
