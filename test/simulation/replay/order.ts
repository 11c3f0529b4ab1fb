/** What was archived, sent and delivered: nothing may be lost or overtake another. */

interface Key {
  readonly past: string[];
  readonly live: string[];
  /** In the order of their first deliveries. */
  readonly delivered: Set<string>;
  /** Of what a replay has parked: how many live events there were when it was. */
  readonly barriers: Map<string, number>;
  /** What is archived need not be delivered. */
  isErased: boolean;
}

export class Order {
  readonly #keys = new Map<string, Key>();
  readonly #violation: (text: string) => void;

  constructor(violation: (text: string) => void) {
    this.#violation = violation;
  }

  archived(key: string, id: string): void {
    this.#of(key).past.push(id);
  }

  sent(key: string, id: string): void {
    this.#of(key).live.push(id);
  }

  erased(key: string): void {
    this.#of(key).isErased = true;
  }

  parked(key: string, ids: readonly string[]): void {
    const { barriers, live } = this.#of(key);
    for (const id of ids) if (!barriers.has(id)) barriers.set(id, live.length);
  }

  delivered(key: string, id: string): void {
    const { past, live, delivered, barriers, isErased } = this.#of(key);
    if (delivered.has(id)) return;
    delivered.add(id);
    const stream = past.includes(id) ? past : live;
    const place = stream.indexOf(id);
    const later = stream.slice(place + 1).find((other) => delivered.has(other));
    if (later !== undefined) this.#violation(`order: ${id} after ${later}`);
    if (stream !== live || isErased) return;
    for (const [parked, from] of barriers)
      if (place >= from && !delivered.has(parked)) this.#violation(`arrived later: ${id} before ${parked}`);
  }

  /** At the end. */
  complete(): void {
    for (const { past, live, delivered, isErased } of this.#keys.values())
      for (const id of isErased ? live : [...past, ...live])
        if (!delivered.has(id)) this.#violation(`loss: ${id}`);
  }

  #of(key: string): Key {
    const found = this.#keys.get(key) ?? {
      past: [],
      live: [],
      delivered: new Set(),
      barriers: new Map(),
      isErased: false,
    };
    this.#keys.set(key, found);
    return found;
  }
}
