/**
 * Ingest's own code against its floor. The own code is all between API Gateway's event and the messages for SQS, and the answer;
 * without the call to SQS and the line of metrics. The floor is to parse and to write the same JSON.
 */
import { NORMAL } from '../../../lambdas/core/mode/record.ts';
import type { OutgoingMessage, QueueSender, SendResult } from '../../../lambdas/core/base/messages.ts';
import type { ProxyEvent } from '../../../lambdas/ingest/request.ts';
import type { ProxyResult } from '../../../lambdas/ingest/response.ts';
import { median } from '../sandbox/median.ts';
import { bodyOf, proxyEvent, type RequestShape } from './requests.ts';
import { SOURCES, type Version } from './versions.ts';

export interface OwnCode {
  readonly shape: RequestShape;
  /** Processor time of the floor, an event. */
  readonly floor: number;
  /** In the order of the versions: processor time of a version in floors. */
  readonly ratios: readonly number[];
}

/** Events of a measurement, so that it takes some milliseconds at least. */
const EVENTS = 4_000;

const takesAll: QueueSender = {
  send: (messages: readonly OutgoingMessage[]): Promise<readonly SendResult[]> =>
    Promise.resolve(messages.map(() => ({ ok: true }))),
};

type Handler = (event: ProxyEvent) => Promise<ProxyResult>;

const handlerOf = ({ own: { createIngest, keysToSources } }: Version): Handler => {
  let ids = 0;
  return createIngest({
    sourceOf: keysToSources(SOURCES),
    sender: takesAll,
    deadline: 20_000,
    maxKeys: 5_000,
    clock: Date.now,
    random: Math.random,
    newId: () => `new-${ids++}`,
    sleep: () => Promise.resolve(),
    log: (_, message) => {
      throw new Error(message);
    },
    emitMetrics: () => undefined,
    readMode: () => Promise.resolve(NORMAL),
    probeQueue: () => Promise.resolve(),
    version: { version: '0', codeVersion: '0' },
  });
};

const processorTime = async (run: () => Promise<void>): Promise<number> => {
  const start = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(start);
  return user + system;
};

/** Floor and versions in turn: what else the machine does hits all of them. */
export const measureOwnCode = async (
  versions: readonly Version[],
  shape: RequestShape,
  rounds: number,
): Promise<OwnCode> => {
  const calls = Math.ceil(EVENTS / shape.events);
  const bodies = Array.from({ length: Math.min(calls, 50) }, (_, n) => bodyOf(shape, n));
  const requests = bodies.map(proxyEvent);
  let bytes = 0;
  const floor = (): Promise<void> => {
    for (let call = 0; call < calls; call += 1)
      bytes += JSON.stringify(JSON.parse(bodies[call % bodies.length] ?? '')).length;
    return Promise.resolve();
  };
  const works = versions.map(handlerOf).map((handler) => async (): Promise<void> => {
    for (let call = 0; call < calls; call += 1) {
      const request = requests[call % requests.length];
      if (request === undefined || (await handler(request)).statusCode !== 200)
        throw new Error('ingest refuses what the benchmark sends');
    }
  });
  const floors: number[] = [];
  const ratios: number[][] = works.map(() => []);
  // The first round warms.
  for (let round = 0; round <= rounds; round += 1) {
    const base = await processorTime(floor);
    if (round > 0) floors.push(base / calls / shape.events);
    for (const [i, work] of works.entries()) {
      const time = await processorTime(work);
      if (round > 0) ratios[i]?.push(time / base);
    }
  }
  if (bytes === 0) throw new Error('the floor did nothing');
  return { shape, floor: median(floors), ratios: ratios.map(median) };
};
