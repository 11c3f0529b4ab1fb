/** Replays of the past into destinations: the archive, the operator who makes one slice after another, and what is parked of them. */
import type { ControlDeps } from '../../../lambdas/control/ports.ts';
import { replayOf } from '../../../lambdas/core/event/archive-line.ts';
import { parseEnvelope } from '../../../lambdas/core/event/envelope.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { orderKey } from '../../../lambdas/core/event/order-key.ts';
import { shardOf } from '../../../lambdas/core/stage/parking.ts';
import { REPLAYED } from '../../../lambdas/core/stage/replay.ts';
import { MemoryArchive, MemoryErasures, MemoryReplays } from '../../support/memory-archive.ts';
import { gated } from '../../support/ports-gate.ts';
import type { Invocation } from '../invocation.ts';
import { destination, HOUR, limitsOf, MINUTE, SECOND } from './config.ts';
import { DESTINATIONS, ROUTER, sourceOf, userName, type DestinationId } from './plan.ts';
import type { World } from './world.ts';

/** The past begins this long before the scenario. */
const PAST = 2 * HOUR;
/** The part of a replay's slices in which two people continue it. */
const TWO = 0.1;
/** Milliseconds: a drain that starts so soon finds the batch that has its user's later messages. */
const BEHIND = 5 * SECOND;
/** Each third record is in two files. */
const REPEATED = 3;
/** For how long after its beginning a file has what was archived; taken in turn. */
const FILES = [0, 4 * MINUTE, MINUTE, 9 * MINUTE];

interface Replay {
  readonly stage: DestinationId;
  readonly limit: number;
  id: string | undefined;
  isDone: boolean;
}

export class Replays {
  readonly #world: World;
  readonly #archive = new MemoryArchive();
  readonly #store = new MemoryReplays();
  readonly #replays: Replay[] = [];

  constructor(world: World) {
    this.#world = world;
    const { plan } = world;
    if (plan.past === undefined) return;
    for (let user = 0; user < plan.users; user++) this.#archivePast(user, plan.past.length);
    this.#watch();
  }

  begin(stage: DestinationId, limit: number): void {
    const replay = { stage, limit, id: undefined, isDone: false };
    this.#replays.push(replay);
    this.#continue(replay);
  }

  /** In words; undefined: all are done. */
  get unrest(): string | undefined {
    const left = this.#replays.find(({ isDone }) => !isDone);
    return left === undefined ? undefined : `the replay into ${left.stage} is not done`;
  }

  /** Into which all of the past was replayed. */
  get stages(): readonly DestinationId[] {
    return this.#replays.map(({ stage }) => stage);
  }

  /** What control has for replays. */
  archive({ gate }: Invocation): Pick<ControlDeps, 'archive'> {
    if (this.#world.plan.past === undefined) return {};
    return {
      archive: {
        files: this.#archive,
        replays: gated(this.#store, 'replays', gate),
        // Nobody is erased here: the stories of replays alone do that.
        erasures: new MemoryErasures(),
        destinations: DESTINATIONS.map((id) => {
          const { sources } = destination(id);
          return { id, ...(sources && { sources }) };
        }),
        functionTime: limitsOf('crm').timeout,
      },
    };
  }

  #archivePast(user: number, events: number): void {
    const { plan, schedule, ledger } = this.#world;
    const step = Math.floor(PAST / (events + 1));
    for (const [place, event] of (plan.past ?? []).entries()) {
      const at = schedule.now - PAST + (place + 1) * step + user * SECOND;
      const id = `${userName(user)}-past-${String(place)}`;
      const ids = { anonymousId: userName(user), userId: '' };
      ledger.archived({ ...event, id, user, number: place });
      const archived = {
        key: orderKey(sourceOf(user), ids, 'anonymousId'),
        sequence: String(place + 1),
        place: 0,
        source: sourceOf(user),
        receivedAt: new Date(at).toISOString(),
        content: {
          type: 'track',
          messageId: id,
          anonymousId: ids.anonymousId,
          by: `${ROUTER}-0`,
          ...event,
        } as unknown as SluiceEvent,
      };
      const began = (which: number): number => at - (FILES[which % FILES.length] ?? 0);
      this.#archive.put(archived, at, began(place));
      if (place % REPEATED === 0) this.#archive.put(archived, at + 1, began(place + 1));
    }
  }

  /** What was put and is parked with a token of its own goes before what its user sends from now on. */
  #watch(): void {
    const { parking, ledger } = this.#world;
    const [put, touch] = [parking.putMessage.bind(parking), parking.touchHead.bind(parking)];
    parking.putMessage = async (stage, message) => {
      if (replaysIn(message.body).length > 0) ledger.replaying(message);
      await put(stage, message);
    };
    parking.touchHead = async (stage, key, fields) => {
      await touch(stage, key, fields);
      if (!fields.reason.startsWith(REPLAYED)) return;
      this.#drainBehind(stage as DestinationId, key);
      const ids = parking.messages(stage, key).flatMap(({ body }) => replaysIn(body));
      ledger.past.parked(stage as DestinationId, ids);
    };
  }

  /** Control's run of the minute may fall right behind a slice. */
  #drainBehind(stage: DestinationId, key: string): void {
    const { schedule, random, faults, stageFunctions } = this.#world;
    if (random() < 0.5) return;
    faults.count('a drain right behind a slice of a replay');
    schedule.after(random() * BEHIND, () => {
      stageFunctions.startDrain(stage, { shard: shardOf(key) });
    });
  }

  #continue(replay: Replay): void {
    if (replay.isDone) return;
    const { schedule, plan, random, time } = this.#world;
    // Afterwards, users wait for it.
    const wait = time > plan.end ? SECOND : Math.floor(random() * MINUTE);
    schedule.after(wait, () => {
      if (random() < TWO) this.#slice(replay);
      this.#slice(replay, () => {
        this.#continue(replay);
      });
    });
  }

  #slice(replay: Replay, over?: () => void): void {
    const { schedule, time, control } = this.#world;
    const begun = schedule.now - time;
    const { stage, id, limit } = replay;
    const request =
      id === undefined
        ? { stage, from: new Date(begun - PAST).toISOString(), to: new Date(begun).toISOString() }
        : { id, limit };
    control({ command: 'replay', ...request }, false, {
      answered: (answer) => {
        if (answer?.ok !== true) return;
        const view = answer.result as { readonly id?: string; readonly isDone: boolean };
        replay.id ??= view.id;
        if (view.id === replay.id && view.isDone) replay.isDone = true;
      },
      over,
    });
  }
}

/** The ids of a body's events that are marked as replayed. */
const replaysIn = (body: string): readonly string[] => {
  const envelope = parseEnvelope(body);
  if (envelope?.kind !== 'events') return [];
  return envelope.events.flatMap((event) => (replayOf(event) === undefined ? [] : [event.messageId]));
};
