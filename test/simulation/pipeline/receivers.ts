/** The destinations: what they answer, and what they have stored. */
import type { HttpRequest, Reply as HttpReply } from '../../../lambdas/deliver/http-client.ts';
import { SECOND, timing } from './config.ts';
import type { Received } from './ledger.ts';
import type { DestinationId, Reply } from './plan.ts';

/** The messages that a request is made for, and the first of those that are worked on as one. */
export interface MadeFor {
  readonly ids: readonly string[];
  readonly unit: string;
}

export interface ReceiverOptions {
  readonly random: () => number;
  readonly now: () => number;
  readonly stored: (stage: DestinationId, events: readonly Received[], by: MadeFor | undefined) => void;
}

interface Refusal {
  readonly stage: DestinationId;
  readonly user: number | undefined;
  readonly reply: Reply;
  readonly share: number;
  readonly until: number;
}

type Payload = Received & { readonly anonymousId: string };

const userIn = (anonymousId: string): number => Number(anonymousId.slice(1));

const answer = (status: number): HttpReply => ({ kind: 'answer', status, headers: {}, body: '' });
const transport = (reason: string): HttpReply => ({ kind: 'transport', reason });

export class Receivers {
  readonly #options: ReceiverOptions;
  readonly #answers = new Map<string, Reply[]>();
  #refusals: Refusal[] = [];

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /** To the user's next requests. */
  answers(stage: DestinationId, user: number, replies: readonly Reply[]): void {
    const name = `${stage} ${String(user)}`;
    this.#answers.set(name, [...(this.#answers.get(name) ?? []), ...replies]);
  }

  refuse(refusal: Refusal): void {
    this.#refusals.push(refusal);
  }

  /** All requests succeed from now on. */
  mend(): void {
    this.#answers.clear();
    this.#refusals = [];
  }

  /** @returns the answer, and the milliseconds until it arrives */
  async post(
    stage: DestinationId,
    { body }: HttpRequest,
    by: MadeFor | undefined,
  ): Promise<{ readonly reply: HttpReply; readonly wait: number }> {
    await Promise.resolve();
    const content = JSON.parse(body) as Payload | readonly Payload[];
    const events = (Array.isArray(content) ? content : [content]) as readonly Payload[];
    const user = userIn(events[0]?.anonymousId ?? '');
    const reply = this.#replyTo(stage, user);
    const store = (): void => {
      this.#options.stored(stage, events, by);
    };
    switch (reply) {
      case 'hang':
        return { reply: transport('no answer'), wait: timing.requestTimeout };
      case 'late':
        store();
        return { reply: transport('no answer'), wait: timing.requestTimeout };
      case 'reset':
        store();
        return { reply: transport('connection reset'), wait: 0 };
      case 'slow':
        store();
        return { reply: answer(200), wait: Math.floor(this.#options.random() * 9 * SECOND) };
      default:
        if (reply >= 200 && reply < 300) store();
        return { reply: answer(reply), wait: 0 };
    }
  }

  #replyTo(stage: DestinationId, user: number): Reply {
    const { now, random } = this.#options;
    this.#refusals = this.#refusals.filter(({ until }) => until > now());
    const refusal = this.#refusals.find(
      (one) => one.stage === stage && (one.user === undefined || one.user === user) && random() < one.share,
    );
    return refusal?.reply ?? this.#answers.get(`${stage} ${String(user)}`)?.shift() ?? 200;
  }
}
