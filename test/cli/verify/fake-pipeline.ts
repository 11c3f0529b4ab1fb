/** A pipeline with a canary, in memory and in virtual time, with one thing broken if a test says so. */
import {
  readCanaryMessageId,
  type CanaryArrival,
  type CanaryPage,
  type CanaryVariant,
} from '../../../contract/canary.ts';
import type { ControlRequest, ControlResults } from '../../../contract/operations.ts';
import type { ParkedKey } from '../../../contract/operator-views.ts';
import type { ModeName } from '../../../contract/modes.ts';
import type { RequestOf } from '../../../cli/client.ts';
import { CommandFailure } from '../../../cli/failure.ts';
import type { World } from '../../../cli/verify/world.ts';
import { answerOf, KEY } from './fake-data-plane.ts';
import { findings, statusOf } from './fake-status.ts';
import type { Plant } from './plant.ts';

interface Sent {
  readonly id: string;
  readonly userId: string;
}

const START = 1_800_000_000_000;
const REDRIVES = 5;
const RECOVER_AFTER = 20;

export class FakePipeline {
  now = START;
  readonly requests: ControlRequest[] = [];
  readonly #plant: Plant | undefined;
  readonly #arrivals: CanaryArrival[] = [];
  readonly #pages: CanaryPage[] = [];
  /** Pages that are still on their way. */
  readonly #due: { readonly at: number; readonly state: string }[] = [];
  readonly #seen = new Set<string>();
  readonly #parked = new Map<string, Sent[]>();
  readonly #queue: Sent[] = [];
  /** Of the canary before it was removed. */
  readonly #former: Sent[] = [];
  #orders: { answer: string; users?: readonly string[]; until: number } | undefined;
  #mode: ModeName = 'normal';
  #since = 0;
  #successes = 0;
  #held = false;
  #deployed: CanaryVariant | undefined;

  constructor(plant?: Plant, mode: ModeName = 'normal') {
    this.#plant = plant;
    this.#mode = mode;
    if (plant === 'an old stage is stuck') this.#parked.set('left', [{ id: 'left', userId: 'left' }]);
  }

  world(): World {
    const denied = this.#has('a log says denied') ? ['AccessDenied: sqs:SendMessage'] : [];
    return {
      ask: <Command extends keyof ControlResults>(request: RequestOf<Command>) =>
        Promise.resolve().then(() => this.#ask(request) as ControlResults[Command]),
      request: (request) =>
        Promise.resolve().then(() =>
          answerOf(request, {
            plant: this.#plant,
            mode: this.#mode,
            isRemoved: this.#deployed === 'removed',
            take: (events) => {
              this.#take(events);
            },
          }),
        ),
      dataPlaneUrl: 'https://events.example',
      isAws: true,
      tlsVersion: () => Promise.resolve(this.#has('old TLS') ? 'TLSv1.1' : 'TLSv1.3'),
      deploy: (variant) => Promise.resolve().then(() => this.#deploy(variant)),
      adopt: () => Promise.resolve().then(() => this.#adopt()),
      deniedInLogs: () => Promise.resolve(denied),
      examineStack: () => Promise.resolve(findings(this.#plant)),
      clock: () => this.now,
      sleep: (milliseconds) => {
        this.now += milliseconds;
        return Promise.resolve();
      },
      run: 'test',
      command: (text) => `npx sluice ${text}`,
    };
  }

  #has(plant: Plant): boolean {
    return this.#plant === plant;
  }

  #ask(request: ControlRequest): unknown {
    this.requests.push(request);
    const { command } = request;
    if (command === 'canary') return this.#view(request.run);
    if (command === 'canary-set') {
      const { answer = 'take', users, seconds = 900 } = request;
      const until = this.now + seconds * 1_000;
      this.#orders = { answer, ...(users === undefined ? {} : { users }), until };
      return this.#view();
    }
    if (command === 'status') return this.#status();
    if (command === 'parked') return { keys: this.#parkedKeys() };
    if (command === 'hold') {
      this.#held = true;
      return {};
    }
    if (command === 'resume') return this.#resume();
    if (command !== 'retry') throw new Error(`the checks do not ask for ${command}`);
    this.#drain();
    return { keys: 0 };
  }

  #view(run?: string) {
    if (this.#has('no canary')) throw new CommandFailure('the pipeline has no canary; set canary: true');
    for (const page of this.#due.splice(0)) {
      if (page.at > this.now) this.#due.push(page);
      else this.#pages.push({ state: page.state, changedAt: page.at - 5, receivedAt: page.at });
    }
    return {
      writeKey: this.#has('wrong write key') ? 'another' : KEY,
      arrivals:
        run === undefined ? [] : this.#arrivals.filter(({ id }) => readCanaryMessageId(id)?.run === run),
      pages: [...this.#pages],
    };
  }

  #status(): ControlResults['status'] {
    return statusOf({
      plant: this.#plant,
      now: this.now,
      mode: this.#mode,
      held: this.#held,
      since: this.#since,
      parkedKeys: this.#parked.size,
      queued: this.#queue.length,
      former: this.#former.length,
      deployed: this.#deployed,
    });
  }

  #isShut(): boolean {
    return this.#held || this.#mode === 'degraded';
  }

  #adopt(): number {
    if (this.#has('a former queue cannot be read'))
      throw new CommandFailure('the credentials lack the permission sqs:ReceiveMessage');
    const all = this.#former.splice(0);
    if (!this.#has('a former queue is not delivered')) this.#queue.push(...all);
    return all.length;
  }

  #deploy(variant: CanaryVariant | undefined): void {
    this.now += 60_000;
    if (this.#has('a deployment fails')) throw new CommandFailure('cdk deploy ended with code 1');
    if (variant === undefined && this.#has('the second deployment changes nothing')) return;
    if (this.#deployed === 'removed' && this.#has('a removed destination is not added')) return;
    if (this.#deployed === 'removed') this.#former.push(...this.#queue.splice(0));
    this.#deployed = this.#has('a deployment is not passed on') ? undefined : variant;
    if (variant === 'concurrency' && this.#has('a deployment ends degraded mode')) this.#mode = 'recovering';
    if (variant === 'concurrency' && this.#has('a deployment leaks'))
      for (const [event] of this.#parked.values()) if (event !== undefined) this.#arrive(event);
    if (variant !== 'removed') return;
    if (this.#has('a removed queue is gone')) this.#queue.length = 0;
    if (this.#has('a hold does not outlive a removal')) this.#held = false;
    if (this.#has('a removal loses what is parked')) for (const all of this.#parked.values()) all.pop();
    if (this.#has('a removal loses order')) this.#queue.reverse();
  }

  #parkedKeys(): readonly ParkedKey[] {
    return [...this.#parked].map(([key, { length }]) => ({
      stage: 'canary',
      key,
      messages: length,
      countIsExact: true,
      parkedAt: this.now,
      nextAttemptAt: this.now,
      failures: 1,
      reason: 'CanaryFailure',
    }));
  }

  #take(events: readonly object[]): void {
    if (this.#deployed === 'removed') return;
    const sent = events.map((event) => {
      const { messageId, userId } = event as { messageId: string; userId: string };
      return { id: messageId, userId };
    });
    const isBroken = this.#has('order is broken') && sent.length > 10;
    for (const event of isBroken ? sent.reverse() : sent) {
      if (this.#seen.has(event.id) && !this.#has('a repetition is delivered')) continue;
      this.#seen.add(event.id);
      this.#process(event);
    }
  }

  #fails({ userId }: Sent): boolean {
    if (this.#orders?.answer !== 'throw' || this.#orders.until <= this.now) return false;
    return this.#orders.users?.includes(userId) ?? true;
  }

  #process(event: Sent): void {
    if (this.#isShut()) {
      if (this.#has('it leaks while degraded')) this.#arrive(event);
      else this.#queue.push(event);
      return;
    }
    const parked = this.#parked.get(event.userId);
    const isPoisoned = this.#parked.size > 0 && this.#has('others wait for poison');
    if (this.#fails(event) && !this.#has('poison is not parked') && parked === undefined) {
      this.#parked.set(event.userId, [event]);
      const isMany = this.#parked.size >= REDRIVES && !this.#has('never degraded');
      if (isMany || this.#has('poison makes it degraded')) this.#degrade();
    } else if (parked !== undefined && !this.#has('followers are not parked')) parked.push(event);
    else if (isPoisoned) this.#queue.push(event);
    else this.#arrive(event);
  }

  #arrive({ id, userId }: Sent): void {
    if (this.#has('an event is lost') && id.endsWith('c4:user3:7')) return;
    if (this.#has('a recovery loses an event') && id.endsWith('c6:w0-7:1')) return;
    const deliveries = this.#has('once is broken') && id.endsWith('c4:user3:7') ? 2 : 1;
    for (let i = 0; i < deliveries; i += 1)
      this.#arrivals.push({ id, delivery: `${userId}-${this.#arrivals.length}`, at: this.now });
    this.#successes += 1;
    if (this.#mode === 'recovering' && this.#successes >= RECOVER_AFTER && !this.#has('never normal')) {
      this.#mode = 'normal';
      if (!this.#has('the page is not resolved')) this.#due.push({ at: this.now + 60_000, state: 'OK' });
    }
  }

  #degrade(): void {
    if (this.#mode === 'degraded') return;
    this.#mode = 'degraded';
    this.#since = this.now;
    const after = this.#has('a late page') ? 90_000 : 10_000;
    if (!this.#has('no page')) this.#due.push({ at: this.now + after, state: 'ALARM' });
    if (this.#has('the page comes twice')) this.#due.push({ at: this.now + after + 1_000, state: 'ALARM' });
  }

  #resume(): unknown {
    if (!this.#isShut()) throw new CommandFailure('it is not degraded');
    this.#held = false;
    if (this.#mode === 'degraded') {
      this.#mode = 'recovering';
      this.#successes = 0;
      this.#drain();
    }
    const waiting = this.#queue.splice(0);
    for (const event of this.#has('a recovery is out of order') ? waiting.reverse() : waiting)
      this.#process(event);
    return {};
  }

  #drain(): void {
    if (this.#has('parked events are not drained') || this.#has('an old stage is stuck')) return;
    for (const [user, events] of [...this.#parked]) {
      this.#parked.delete(user);
      for (const event of this.#has('a drain is out of order') ? events.reverse() : events)
        this.#arrive(event);
    }
    if (this.#mode === 'normal') for (const event of this.#queue.splice(0)) this.#arrive(event);
  }
}
