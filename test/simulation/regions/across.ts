/** What destinations see of two regions together. Each region's own ledger knows of its own alone. */
import type { Received, SentEvent } from '../pipeline/ledger.ts';
import type { DestinationId } from '../pipeline/plan.ts';
import type { Region } from './region.ts';

export class Across {
  /** First deliveries that came after a later event of the same user. No region promises anything about it. */
  overtaken = 0;
  /** Deliveries of an event that the other region had delivered. */
  twice = 0;
  /** Events that the lost region had accepted, and delivered when it was back. */
  waited = 0;
  readonly #sent: ReadonlyMap<string, SentEvent>;
  readonly #by = new Map<string, Region>();
  readonly #latest = new Map<string, number>();

  constructor(sent: ReadonlyMap<string, SentEvent>) {
    this.#sent = sent;
  }

  /** @param hasWaited whether a first delivery at this time, of an event sent at that time, had to wait for the region */
  watch(region: Region, hasWaited: (id: string, now: number) => boolean): void {
    const { ledger } = region.world;
    const delivered = ledger.delivered.bind(ledger);
    ledger.delivered = (stage, received, now) => {
      this.#delivered(region, stage, received, () => hasWaited(received.messageId, now));
      delivered(stage, received, now);
    };
  }

  #delivered(region: Region, stage: DestinationId, { messageId }: Received, hasWaited: () => boolean): void {
    const by = this.#by.get(`${stage} ${messageId}`);
    if (by !== undefined) {
      if (by !== region) this.twice += 1;
      return;
    }
    this.#by.set(`${stage} ${messageId}`, region);
    if (hasWaited()) this.waited += 1;
    const event = this.#sent.get(messageId);
    // The second of two events that a transform makes of one has no number of its own.
    if (event === undefined) return;
    const line = `${stage} ${String(event.user)}`;
    const latest = this.#latest.get(line) ?? -1;
    if (event.number < latest) this.overtaken += 1;
    this.#latest.set(line, Math.max(latest, event.number));
  }
}
