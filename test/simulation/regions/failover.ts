/** Which region clients are sent to: Route 53's failover records with health checks, and the clients' caches of names. */
import { SECOND } from '../pipeline/config.ts';
import type { Schedule } from '../schedule.ts';
import type { Region } from './region.ts';

/** As docs/regions.md has it; milliseconds. */
const EVERY = 30 * SECOND;
const TTL = 60 * SECOND;
/** As many checks in a row change what is thought of a region, in both directions. */
const THRESHOLD = 3;

interface Checked {
  readonly region: Region;
  isHealthy: boolean;
  /** Checks in a row that say the opposite. */
  against: number;
}

export class Failover {
  readonly #schedule: Schedule;
  readonly #checked: readonly Checked[];
  /** By client. */
  readonly #cache = new Map<number, { readonly region: Region; readonly until: number }>();
  /** How often names were answered with another region than before. */
  switches = 0;
  #last: Region | undefined;

  /** @param regions the first one is preferred */
  constructor(schedule: Schedule, regions: readonly Region[]) {
    this.#schedule = schedule;
    this.#checked = regions.map((region) => ({ region, isHealthy: true, against: 0 }));
    for (const one of this.#checked) this.#check(one);
  }

  /** Where this client sends its next request. */
  regionFor(client: number): Region {
    const { now } = this.#schedule;
    const cached = this.#cache.get(client);
    if (cached !== undefined && now < cached.until) return cached.region;
    const region = this.#answer();
    this.#cache.set(client, { region, until: now + TTL });
    return region;
  }

  /** If none is healthy, Route 53 answers with the preferred one. */
  #answer(): Region {
    const [first] = this.#checked;
    const found = this.#checked.find(({ isHealthy }) => isHealthy) ?? first;
    if (found === undefined) throw new Error('there is no region');
    if (this.#last !== undefined && this.#last !== found.region) this.switches += 1;
    this.#last = found.region;
    return found.region;
  }

  #check(one: Checked): void {
    one.region.check((isReady) => {
      one.against = isReady === one.isHealthy ? 0 : one.against + 1;
      if (one.against < THRESHOLD) return;
      one.isHealthy = isReady;
      one.against = 0;
    });
    this.#schedule.after(EVERY, () => {
      this.#check(one);
    });
  }
}
