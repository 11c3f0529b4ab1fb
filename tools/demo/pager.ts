/** A stand-in for PagerDuty's CloudWatch integration: it opens an incident for an alarm, and resolves it by its name. */
import { alarmNotices } from '../driver/alarms.ts';
import { Receiver } from '../driver/receiver.ts';

export interface Page {
  readonly kind: 'triggered' | 'resolved';
  readonly incident: string;
}

const PATH = '/integration/demo/enqueue';

export class Pager {
  readonly #receiver: Receiver;

  private constructor(receiver: Receiver) {
    this.#receiver = receiver;
    receiver.answer(PATH, 202);
  }

  static async start(): Promise<Pager> {
    return new Pager(await Receiver.start());
  }

  get url(): string {
    return this.#receiver.url(PATH);
  }

  /** What the alarms came to: one that rings again, or is well again without having rung, is no page. */
  get pages(): readonly Page[] {
    const open = new Set<string>();
    return alarmNotices(this.#receiver.sentTo(PATH)).flatMap(({ name: incident, state }): readonly Page[] => {
      if (state === 'ALARM' && !open.has(incident)) {
        open.add(incident);
        return [{ kind: 'triggered', incident }];
      }
      return state === 'OK' && open.delete(incident) ? [{ kind: 'resolved', incident }] : [];
    });
  }

  close(): Promise<void> {
    return this.#receiver.close();
  }
}
