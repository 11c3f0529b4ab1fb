/** A fake pipeline: the console's server over a state that a test sets, and a record of the requests. */
import type { ControlAnswer, ControlRequest } from '../../contract/operations.ts';
import type { ParkedKey, ParkedMessageView, RejectedEvent } from '../../contract/operator-views.ts';
import type { Permission } from '../../contract/permissions.ts';
import type { StageStatus } from '../../contract/status.ts';
import { LOCAL_PLACE, type AlarmView, type FlowSeries } from '../../local/console/contract.ts';
import { controlClient, type Transport } from '../../cli/client.ts';
import { stackActions, type Shown } from '../../cli/console/stack-console.ts';
import { minuteOf, type EventCounts } from '../../cli/console/flow.ts';
import { startWatch } from '../../cli/console/watch.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { startConsole, type ConsoleActions } from '../../local/console/server.ts';
import type { Listening } from '../../local/common/http.ts';
import { UsageError } from '../../local/common/settings.ts';
import { quietSeries } from './scene-parts.ts';

/** The state that the run reports; a test may change it at any time. */
export interface Scene {
  stages: readonly StageStatus[];
  parked: readonly ParkedKey[];
  messages: readonly ParkedMessageView[];
  rejected: readonly RejectedEvent[];
  alarms: readonly AlarmView[];
  series: FlowSeries;
  /** Content of every event, for requests with content. */
  content: unknown;
  /** Control refuses every command that changes something, with this text. */
  refusal?: string;
  /** AWS refuses requests with the permission, with this text. */
  denied?: { readonly permission: Permission; readonly text: string };
  /** CloudWatch refuses what it is asked, with this text. */
  blind?: string;
  /** The mistake in the configuration that a redeployment reports. */
  mistake?: string;
}

const READING = new Set(['status', 'parked', 'show', 'rejected', 'find', 'canary']);

export class FakeRun {
  scene: Scene;
  /** The commands that control got, without those that only read. */
  readonly commands: ControlRequest[] = [];
  /** What was read, in order. */
  readonly reads: ControlRequest[] = [];
  redeployments = 0;
  readonly #shown: Shown | undefined;
  #listening: Listening | undefined;
  #port = 0;

  /** @param shown a pipeline on AWS; without it, the local run */
  constructor(scene: Scene, shown?: Shown) {
    this.scene = scene;
    this.#shown = shown;
  }

  get url(): string {
    if (this.#listening === undefined) throw new Error('it is not started');
    return this.#listening.url;
  }

  /** Also restarts after `stop`, at the same address. */
  async start(): Promise<void> {
    const address = { host: '127.0.0.1', port: this.#port };
    this.#listening =
      this.#shown === undefined
        ? await startConsole(this.#localActions(), address)
        : await startConsole(this.#stackActions(this.#shown), address, 'secret');
    this.#port = this.#listening.port;
  }

  #stackActions(shown: Shown): ConsoleActions {
    const answer = <Value>(value: Value): Promise<Value> => {
      const { blind } = this.scene;
      return blind === undefined ? Promise.resolve(value) : Promise.reject(new CommandFailure(blind));
    };
    const watch = startWatch(
      {
        alarms: () => answer(this.scene.alarms),
        events: (_, from) => answer(eventsOf(since(this.scene.series, from))),
      },
      Date.now,
    );
    return stackActions(controlClient(this.#transport), shown, watch);
  }

  #localActions(): ConsoleActions {
    return {
      place: LOCAL_PLACE,
      status: () => Promise.resolve({}),
      redeploy: () => {
        this.redeployments += 1;
        const { mistake } = this.scene;
        return mistake === undefined
          ? Promise.resolve({ deployed: true })
          : Promise.reject(new UsageError(mistake));
      },
      control: (request) => Promise.resolve(this.#control(request as ControlRequest)),
      metrics: (from) => Promise.resolve(since(this.scene.series, from)),
      alarms: () => Promise.resolve(this.scene.alarms),
    };
  }

  readonly #transport: Transport = (payload, permission) => {
    const { denied } = this.scene;
    if (denied?.permission === permission) return Promise.reject(new CommandFailure(denied.text));
    return Promise.resolve({
      payload: JSON.stringify(this.#control(JSON.parse(payload) as ControlRequest)),
    });
  };

  async stop(): Promise<void> {
    await this.#listening?.close();
    this.#listening = undefined;
  }

  #control(request: ControlRequest): ControlAnswer {
    if (READING.has(request.command)) this.reads.push(request);
    else {
      this.commands.push(request);
      if (this.scene.refusal !== undefined) return { ok: false, refused: this.scene.refusal };
    }
    return { ok: true, result: this.#result(request) };
  }

  #result(request: ControlRequest): (ControlAnswer & { ok: true })['result'] {
    const { stages, parked, messages, rejected, content } = this.scene;
    switch (request.command) {
      case 'status':
        return { pipeline: 'Sluice/Pipeline', at: Date.now(), stages, orphans: [] };
      case 'hold':
      case 'resume': {
        const change = (stage: StageStatus): StageStatus =>
          stage.id === request.stage ? { ...stage, held: request.command === 'hold' } : stage;
        this.scene.stages = stages.map(change);
        return this.#stage(request.stage);
      }
      case 'parked':
        return page(parked, request, (keys) => ({ keys }));
      case 'show': {
        const key = parked.find((one) => one.key === request.key) ?? parked[0];
        if (key === undefined) throw new Error('no key is parked');
        const shown = messages.map((message) => ({
          ...message,
          events: message.events.map((event) =>
            request.content === true ? { ...event, event: content } : event,
          ),
        }));
        return { key, messages: shown, more: false };
      }
      case 'retry':
        return { keys: request.key === undefined ? parked.length : 1 };
      case 'discard':
        this.scene.messages = messages.filter(
          ({ events }) => !events.some(({ messageId }) => messageId === request.messageId),
        );
        return { discarded: request.messageId, left: this.scene.messages.length };
      case 'rejected': {
        const body = typeof content === 'string' ? content : JSON.stringify(content);
        const shown = request.content === true ? rejected.map((event) => ({ ...event, body })) : rejected;
        return page(shown, request, (events) => ({ events }));
      }
      case 'retry-rejected':
        this.scene.rejected = rejected.filter(({ id }) => id !== request.id);
        return { sent: 1 };
      case 'resend-rejected':
        return { records: 0, events: 0, skipped: [] };
      case 'delete-rejected':
        return { records: 0, events: 0 };
      case 'find':
        return { parked: [], rejected: [], keys: [], sources: [] };
      case 'erase':
        return { parked: 0, rejected: 0, busy: [] };
      case 'replay':
        return { events: 0, messages: 0, withheld: 0, isDone: true, from: 0, at: 0, end: 0 };
      case 'canary':
      case 'canary-set':
        return { writeKey: 'canary-key', arrivals: [], pages: [] };
    }
  }

  #stage(id: string): StageStatus {
    const stage = this.scene.stages.find((one) => one.id === id);
    if (stage === undefined) throw new Error(`there is no stage ${id}`);
    return stage;
  }
}

const page = <Item, Page>(
  items: readonly Item[],
  { limit = 50, cursor = '0' }: { readonly limit?: number; readonly cursor?: string },
  toPage: (items: readonly Item[]) => Page,
): Page & { cursor?: string } => {
  const from = Number(cursor);
  const to = from + limit;
  return { ...toPage(items.slice(from, to)), ...(to < items.length ? { cursor: String(to) } : {}) };
};

const since = (series: FlowSeries, from: number): FlowSeries => {
  const known = series.at.flatMap((at, i) => (at >= from ? [i] : []));
  if (known.length === 0) return quietSeries(from);
  const pick = <T>(values: readonly T[]): readonly T[] => values.filter((_, i) => known.includes(i));
  return {
    step: series.step,
    at: pick(series.at),
    accepted: pick(series.accepted),
    delivered: pick(series.delivered),
    backlog: pick(series.backlog),
  };
};

/** As CloudWatch has them. */
const eventsOf = ({ at, accepted, delivered }: FlowSeries): EventCounts => {
  const byMinute = (values: readonly (number | null)[]): ReadonlyMap<number, number> => {
    const sums = new Map<number, number>();
    at.forEach((time, i) => sums.set(minuteOf(time), (sums.get(minuteOf(time)) ?? 0) + (values[i] ?? 0)));
    return sums;
  };
  return { accepted: byMinute(accepted), delivered: byMinute(delivered) };
};
