/**
 * Tells a story of two regions: the first one is lost for hours, clients send again to the second, and the first comes back with what it had
 * stored. Each region keeps its own promises; that, and how long accepting stops, is checked.
 */
import { Client, post } from '../pipeline/clients.ts';
import { HOUR, MINUTE, SECOND } from '../pipeline/config.ts';
import type { SentEvent } from '../pipeline/ledger.ts';
import { STAGES, userName } from '../pipeline/plan.ts';
import { unrest } from '../pipeline/rest.ts';
import { withDeadlines } from '../pipeline/run.ts';
import { Across } from './across.ts';
import { Failover } from './failover.ts';
import type { RegionsPlan } from './plan.ts';
import { byReady, Region, type Health } from './region.ts';

/** After the fix. */
const PATIENCE = 12 * HOUR;
/** A client gives a request up that nobody answers. */
const NO_ANSWER = 10 * SECOND;
/**
 * The longest time from an event to its 200: three health checks and what is left of an interval, a cached name, and a client's pause of two
 * minutes at most; with some calls that fail on the way.
 */
export const LONGEST_STOP = 6 * MINUTE;

export interface RegionsTold {
  readonly violation?: string;
  readonly events: number;
  readonly switches: number;
  readonly overtaken: number;
  readonly twice: number;
  readonly waited: number;
  /** The longest time that an event waited for its 200; milliseconds. */
  readonly longestStop: number;
}

export interface RegionsOptions {
  readonly health?: Health;
}

class RegionsStory {
  readonly first: Region;
  readonly second: Region;
  readonly across: Across;
  readonly failover: Failover;
  readonly violations: string[] = [];
  longestStop = 0;
  isOver = false;
  readonly #plan: RegionsPlan;
  readonly #clients: readonly Client[];
  readonly #sent = new Map<string, SentEvent>();
  readonly #sentAt = new Map<string, number>();
  readonly #numbers = new Map<number, number>();

  constructor(plan: RegionsPlan, { health = byReady }: RegionsOptions) {
    this.#plan = plan;
    this.first = new Region(plan.plans.first, undefined, health);
    const { schedule } = this.first.world;
    this.second = new Region(plan.plans.second, schedule, health);
    this.across = new Across(this.#sent);
    const [lost, back] = [plan.lostAt, plan.backAt].map((at) => schedule.now + at);
    for (const region of this.regions)
      this.across.watch(
        region,
        (id, now) =>
          region === this.first && (this.#sentAt.get(id) ?? Infinity) < (lost ?? 0) && now >= (back ?? 0),
      );
    this.failover = new Failover(schedule, this.regions);
    this.#clients = Array.from({ length: plan.users }, (_, user) => this.#clientOf(user));
    for (const { at, user, events } of plan.sendings)
      schedule.after(at, () => {
        this.#send(user, events);
      });
    for (const action of plan.plans.first.actions)
      if (action.do === 'refuse')
        schedule.after(action.at, () => {
          const { receivers } = this.first.world;
          receivers.refuse({ ...action, user: action.user, until: schedule.now + action.length });
        });
    schedule.after(plan.lostAt, () => {
      this.#lose();
    });
    schedule.after(plan.end, () => {
      this.#fix();
    });
    schedule.after(MINUTE, this.#tick);
  }

  get regions(): readonly [Region, Region] {
    return [this.first, this.second];
  }

  /** Whether clients, queues, parked users and modes are at rest, in both regions. */
  get unrest(): string | undefined {
    if (this.#clients.some(({ isIdle }) => !isIdle)) return 'a client has events to send';
    return unrest(this.first.world) ?? unrest(this.second.world);
  }

  readonly #tick = (): void => {
    const { world } = this.first;
    for (const region of this.regions) region.minute();
    if (world.time > this.#plan.end && this.unrest === undefined) this.isOver = true;
    world.schedule.after(MINUTE, this.#tick);
  };

  #lose(): void {
    const { loss, lostAt, backAt, plans } = this.#plan;
    if (loss === 'dies') this.first.die(backAt - lostAt);
    else for (const action of plans.first.actions) if (action.do === 'trouble') this.first.refuse(action);
  }

  #fix(): void {
    for (const { world } of this.regions)
      for (const stage of STAGES)
        world.deploy(stage, {
          version: `${stage}-fix`,
          starts: 'yes',
          share: 0,
          how: 'throw',
          isFix: true,
        });
  }

  #send(user: number, events: RegionsPlan['sendings'][number]['events']): void {
    const sent = events.map((event): SentEvent => {
      const number = this.#numbers.get(user) ?? 0;
      this.#numbers.set(user, number + 1);
      return { ...event, user, number, id: `${userName(user)}-${String(number)}` };
    });
    for (const event of sent) {
      this.#sent.set(event.id, event);
      this.#sentAt.set(event.id, this.first.world.schedule.now);
      for (const { world } of this.regions) world.ledger.sent(event);
    }
    this.#clients[user]?.send(sent);
  }

  #answered(ids: readonly string[]): void {
    const { now } = this.first.world.schedule;
    for (const id of ids) this.longestStop = Math.max(this.longestStop, now - (this.#sentAt.get(id) ?? now));
  }

  #clientOf(user: number): Client {
    const { schedule, random, violation } = this.first.world;
    const { recut, batch } = this.#plan.plans.first.settings;
    return new Client(user, {
      now: () => schedule.now,
      random,
      after: (milliseconds, run) => {
        schedule.after(milliseconds, run);
      },
      recut,
      batch,
      violation,
      post: (event, ids, answer) => {
        const region = this.failover.regionFor(user);
        if (region.isGone) {
          schedule.after(NO_ANSWER, () => {
            answer(undefined);
          });
          return;
        }
        post(region.world, user, event, ids, (status) => {
          if (status === 200) this.#answered(ids);
          answer(status);
        });
      },
    });
  }
}

/** What is wrong at the end of the story. */
const wrongAtTheEnd = (story: RegionsStory): string | undefined => {
  if (!story.isOver) return `recovery: long after the return ${String(story.unrest)}`;
  for (const { world } of story.regions) {
    const { ledger, rejections, plan } = world;
    const lost = ledger.missing((stage) => rejections.of(stage));
    if (lost.length > 0) return `loss: the ${plan.name} region has lost ${lost.join(', ')}`;
    if (ledger.stale.length > 0) return `order: the last effect is older than that of ${ledger.stale.join()}`;
  }
  const minutes = (story.longestStop / MINUTE).toFixed(1);
  if (story.longestStop > LONGEST_STOP)
    return `accepting: an event was answered 200 after ${minutes} minutes`;
  return undefined;
};

export const tellRegions = async (plan: RegionsPlan, options: RegionsOptions = {}): Promise<RegionsTold> => {
  const story = new RegionsStory(plan, options);
  const { schedule } = story.first.world;
  const found = (): string | undefined => story.regions.flatMap(({ world }) => world.violations)[0];
  const last = schedule.now + plan.end + PATIENCE;
  await withDeadlines(schedule, () => schedule.run(() => story.isOver || found() !== undefined, last));
  const violation = found() ?? wrongAtTheEnd(story);
  const { overtaken, twice, waited } = story.across;
  return {
    ...(violation === undefined ? {} : { violation }),
    events: story.first.world.ledger.events,
    switches: story.failover.switches,
    overtaken,
    twice,
    waited,
    longestStop: story.longestStop,
  };
};
