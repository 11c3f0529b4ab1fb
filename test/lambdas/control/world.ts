/** A pipeline in memory, as control sees it, and what control did with it. */
import type {
  ControlDeps,
  MetricDatum,
  NoProbe,
  QueueCounts,
  StageMapping,
  StageNames,
} from '../../../lambdas/control/ports.ts';
import type { Probe } from '../../../lambdas/core/mode/machine.ts';
import { type ModeRecord, NORMAL } from '../../../lambdas/core/mode/record.ts';
import { sortOf } from '../../../lambdas/core/stage/parking.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { Announcement, StageQueues } from '../../../lambdas/core/mode/ports.ts';
import type { Attempt } from '../../../lambdas/core/stage/ports.ts';
import type { OutgoingMessage, SendResult } from '../../../lambdas/core/base/messages.ts';
import type { Rejection } from '../../../lambdas/core/event/ports.ts';
import type { MappingChange, MappingState } from '../../../lambdas/core/mode/mapping.ts';
import { MemoryHotKeys } from '../../support/memory-hot-keys.ts';
import { MemoryLateCrashes } from '../../support/memory-late-crashes.ts';
import { MemorySeen } from '../../support/memory-seen.ts';
import { MemoryParking } from '../../support/memory-parking.ts';
import { MemoryState } from '../../support/memory-state.ts';
import { MODE_SETTINGS } from '../../support/mode-settings.ts';

export const START = Date.UTC(2026, 0, 1);

type Faults = Partial<
  Record<
    | 'counts'
    | 'metrics'
    | 'announce'
    | 'send'
    | 'saveRejection'
    | 'saveMessage'
    | 'startDrain'
    | 'startTrial'
    | 'register',
    boolean
  >
>;

export class World {
  now = START;
  timeLeft = 30_000;
  readonly parking = new MemoryParking();
  readonly state = new MemoryState(this.parking);
  readonly lateCrashes = new MemoryLateCrashes(() => this.now);
  readonly seen = new MemorySeen();
  readonly hotKeys = new MemoryHotKeys(() => this.now);
  /** By mapping id. */
  readonly mappings = new Map<string, MappingState & Pick<StageMapping, 'trouble'>>();
  /** By function name. */
  readonly probes = new Map<string, Probe | NoProbe>();
  readonly counts = new Map<string, QueueCounts>();
  readonly registry = new Map<string, StageQueues>();
  rejections: Rejection[] = [];
  sendResult: SendResult = { ok: true };
  /** What fails from now on. */
  faults: Faults = {};

  readonly metrics: MetricDatum[] = [];
  readonly announced: Announcement[] = [];
  readonly updates: Record<string, MappingChange> = {};
  readonly probed: string[] = [];
  readonly drains: string[] = [];
  /** Until when the latest of them has successors. */
  drainsUntil: number | undefined;
  readonly trials: string[] = [];
  readonly sent: { queue: string; messages: readonly OutgoingMessage[] }[] = [];
  readonly registered: ReadonlyMap<string, StageQueues>[] = [];
  readonly logged: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  readonly names = new Map<string, StageNames>();
  #ids = 0;

  readonly deps: ControlDeps;

  constructor(ids: readonly string[] = ['router', 'crm', 'lake']) {
    const stages = ids.map((id) => ({ id, mappingId: `mapping-${id}`, maxConcurrency: 10 }));
    for (const id of ids) this.mapping(id, { state: 'Enabled', maximumConcurrency: 10 });
    const fail = (what: keyof Faults): void => {
      if (this.faults[what] === true) throw new InfraFault(`${what} failed`);
    };
    this.deps = {
      pipeline: 'shop',
      stages,
      settings: MODE_SETTINGS,
      drainConcurrency: 10,
      modes: this.state,
      lateCrashes: this.lateCrashes,
      hotKeys: this.hotKeys,
      parking: this.parking,
      rejections: {
        save: async (rejection) => {
          await Promise.resolve();
          fail('saveRejection');
          await this.deps.rejections.remove(rejection);
          this.rejections.push(rejection);
        },
        list: async (stage, { limit, cursor = '', since = '', until }) => {
          await Promise.resolve();
          // A page continues behind a place, whether its record is still there or not.
          const nameOf = ({ receivedAt, id }: Rejection): string => `${receivedAt}#${id}`;
          const order = new Intl.Collator('en', { numeric: true });
          const all = this.rejections
            .filter((one) => one.stage === stage && order.compare(nameOf(one), cursor) > 0)
            .filter(({ receivedAt }) => receivedAt >= since && (until === undefined || receivedAt < until))
            .sort((a, b) => order.compare(nameOf(a), nameOf(b)));
          const rejections = all.slice(0, limit);
          const last = rejections.at(-1);
          return all.length > limit && last ? { rejections, cursor: nameOf(last) } : { rejections };
        },
        find: (stage, id) =>
          Promise.resolve(this.rejections.find((one) => one.stage === stage && one.id === id)),
        remove: async ({ stage, receivedAt, id }) => {
          await Promise.resolve();
          this.rejections = this.rejections.filter(
            (one) => one.stage !== stage || one.receivedAt !== receivedAt || one.id !== id,
          );
        },
        removeUnchanged: () => Promise.reject(new Error('use MemoryRejections for a retention')),
      },
      seen: this.seen,
      registry: {
        read: () => Promise.resolve(new Map(this.registry)),
        save: async (changed) => {
          await Promise.resolve();
          fail('register');
          this.registered.push(changed);
          for (const [id, queues] of changed) this.registry.set(id, queues);
        },
      },
      mappings: {
        read: async (id) => {
          await Promise.resolve();
          const state = this.mappings.get(id);
          if (state === undefined) throw new InfraFault(`there is no mapping ${id}`);
          const stage = id.replace('mapping-', '');
          return { ...state, functionName: `function-${stage}`, queueName: `${stage}.fifo` };
        },
        update: async (id, change) => {
          await Promise.resolve();
          this.updates[id] = change;
          return true;
        },
      },
      names: this.names,
      functions: {
        probe: (name) => {
          this.probed.push(name);
          return Promise.resolve(this.probes.get(name) ?? { kind: 'unknown' });
        },
        startTrial: async (name) => {
          await Promise.resolve();
          fail('startTrial');
          this.trials.push(name);
        },
        startDrain: async (name, { shard, part, until }) => {
          await Promise.resolve();
          fail('startDrain');
          this.drains.push(`${name}/${shard}${part === undefined ? '' : `.${part}`}`);
          this.drainsUntil = until;
        },
      },
      counts: {
        read: async (name) => {
          await Promise.resolve();
          fail('counts');
          return this.counts.get(name) ?? { visible: 0, inFlight: 0 };
        },
        deadLetterQueueName: (name) => Promise.resolve(name.replace('.fifo', '-dead-letters.fifo')),
      },
      metrics: {
        put: async (data) => {
          await Promise.resolve();
          fail('metrics');
          this.metrics.push(...data);
        },
      },
      announcer: {
        announce: async (announcement) => {
          await Promise.resolve();
          fail('announce');
          this.announced.push(announcement);
        },
      },
      announcement: (stage, { mode, epoch, since, reason }) => ({
        text: `${stage} entered ${mode}`,
        pipeline: 'shop',
        stage,
        mode,
        epoch,
        since: new Date(since).toISOString(),
        reason,
        next: [],
        command: 'npx sluice status',
      }),
      sender: (queue) => ({
        send: async (messages) => {
          await Promise.resolve();
          fail('send');
          this.sent.push({ queue, messages });
          return messages.map(() => this.sendResult);
        },
      }),
      orderByOf: new Map([['web', 'auto']]),
      clock: () => this.now,
      newId: () => `id-${(this.#ids += 1)}`,
      uuid: () => `write-${(this.#ids += 1)}`,
      timeLeft: () => this.timeLeft,
      log: (level, message, fields) => this.logged.push({ level, message, fields }),
    };
    const save = this.parking.saveMessage.bind(this.parking);
    this.parking.saveMessage = async (stage, message) => {
      fail('saveMessage');
      await save(stage, message);
    };
  }

  mapping(stage: string, state: MappingState & Pick<StageMapping, 'trouble'>): void {
    this.mappings.set(`mapping-${stage}`, state);
  }

  mode(stage: string, record: Partial<ModeRecord>): void {
    this.state.modes.set(stage, { ...NORMAL, rev: 1, ...record });
  }

  /** As the last change left it: published. */
  degraded(stage: string, record: Partial<ModeRecord> = {}): void {
    this.mode(stage, {
      mode: 'degraded',
      epoch: 1,
      announced: 1,
      since: START - 60_000,
      reason: '5 messages were redriven within 5 minutes',
      codeVersion: 'bad',
      pause: 300_000,
      pauseUntil: START + 240_000,
      ...record,
    });
  }

  /** Parks a message of these events; the sequence counts up. */
  async park(
    stage: string,
    key: string,
    events: readonly { readonly messageId: string; readonly [field: string]: string }[],
    {
      attempt,
      sequence = 1,
      reason = 'redriven',
    }: { readonly attempt?: Attempt; readonly sequence?: number; readonly reason?: string } = {},
  ): Promise<void> {
    const sequenceNumber = String(sequence);
    await this.parking.putMessage(stage, {
      sort: sortOf({ sequenceNumber }),
      id: `${key}-${sequence}`,
      groupId: key,
      body: JSON.stringify({
        v: 1,
        kind: 'events',
        sourceId: 'web',
        receivedAt: new Date(START).toISOString(),
        events,
      }),
      sequenceNumber,
      sentAt: START,
      parkedAt: this.now,
      ...(attempt === undefined ? {} : { attempt }),
    });
    await this.parking.touchHead(stage, key, {
      token: `token-${key}-${sequence}`,
      now: this.now,
      reason,
    });
  }

  /** As a failed drain leaves a key. */
  async backOff(stage: string, key: string, nextAttemptAt: number, triedEpoch = 0): Promise<void> {
    const head = this.parking.head(stage, key);
    if (head === undefined) throw new Error(`${key} is not parked`);
    const { now } = this;
    const lease = { owner: 'drain', now, until: now + 1, nextAttemptAt, triedEpoch };
    await this.parking.takeLease(stage, head, lease);
    await this.parking.releaseLease(stage, key, 'drain');
  }

  metric(name: MetricDatum['name'], stage?: string): readonly number[] {
    return this.metrics
      .filter((datum) => datum.name === name && datum.dimensions['Stage'] === stage)
      .map(({ value }) => value);
  }
}
