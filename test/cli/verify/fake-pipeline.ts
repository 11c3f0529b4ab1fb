/** A pipeline with a canary, in memory and in virtual time, with one thing broken if a test says so. */
import { gunzipSync } from 'node:zlib';
import { readCanaryMessageId, type CanaryArrival, type CanaryPage } from '../../../contract/canary.ts';
import type { ControlRequest, ControlResults, ParkedKey } from '../../../contract/operations.ts';
import type { LastFailure, ModeName } from '../../../contract/modes.ts';
import type { RequestOf } from '../../../cli/client.ts';
import { CommandFailure } from '../../../cli/failure.ts';
import type { Answer, HttpRequest, World } from '../../../cli/verify/world.ts';
import { fine, notChecked as unmade, wrong } from '../../../cli/doctor/finding.ts';
import type { Plant } from './plant.ts';
import { stageStatusOf } from '../../support/stage-status.ts';

interface Sent {
  readonly id: string;
  readonly userId: string;
}

const KEY = 'canary-key';
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
  #orders: { answer: string; users?: readonly string[]; until: number } | undefined;
  #mode: ModeName = 'normal';
  #since = 0;
  #successes = 0;

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
      request: (request) => Promise.resolve().then(() => this.#answer(request)),
      dataPlaneUrl: 'https://events.example',
      isAws: true,
      tlsVersion: () => Promise.resolve(this.#has('old TLS') ? 'TLSv1.1' : 'TLSv1.3'),
      deniedInLogs: () => Promise.resolve(denied),
      examineStack: () =>
        Promise.resolve([
          { check: 'queues', title: 'queues', finding: fine('2 queues') },
          { check: 'log-role', title: 'the role for logs', finding: unmade('no permission') },
          {
            check: 'subscriptions',
            title: 'subscriptions',
            finding: this.#has('a subscription waits')
              ? wrong({ what: 'email has not confirmed', fix: 'open the link' })
              : fine('1 subscription', ['a part']),
          },
        ]),
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
    const isShut = this.#mode === 'degraded';
    const refusal: LastFailure = { text: 'AccessDenied: dynamodb:PutItem', at: this.now, codeVersion: 'c' };
    const status: ControlResults['status'] = {
      pipeline: 'Sluice/Pipeline',
      at: this.now,
      stages: [
        stageStatusOf('router', this.#has('the router is degraded') ? { mode: 'degraded' } : {}),
        stageStatusOf('canary', {
          mode: this.#mode,
          held: this.#has('the canary is held'),
          since: this.#since,
          shut: isShut,
          parkedKeys: this.#parked.size,
          deadLetters: this.#has('dead letters') ? 2 : 0,
          queue: { visible: this.#queue.length, inFlight: 0 },
          mapping: { state: isShut && !this.#has('the mapping stays on') ? 'Disabled' : 'Enabled' },
          ...(this.#has('a permission is missing') ? { lastRefusal: refusal } : {}),
        }),
      ],
      orphans: [],
    };
    return status;
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

  #answer({ method, path, headers = {}, body }: HttpRequest): Answer {
    const reply = (status: number, text = 'ok', more = {}): Answer => ({ status, headers: more, body: text });
    if (path === '/health')
      return reply(this.#has('health is broken') ? 503 : 200, '{"acceptingEvents":"TRUE"}');
    if (path === '/version') return reply(200, '{"Version":"1.0.0"}');
    if (method === 'OPTIONS')
      return this.#has('no CORS')
        ? reply(204)
        : reply(204, '', {
            'access-control-allow-origin': '*',
            'access-control-allow-headers': 'Authorization,Content-Type',
          });
    const query = new URL(path, 'https://x').searchParams;
    const [given] = Buffer.from((headers['authorization'] ?? '').slice(6), 'base64')
      .toString()
      .split(':');
    if ((query.get('writeKey') ?? given) !== KEY)
      return reply(this.#has('unknown keys are taken') && given !== 'another' ? 200 : 401);
    if (method === 'GET') {
      const event = { messageId: query.get('messageId'), userId: query.get('userId') };
      if (!this.#has('pixels are lost')) this.#take([event]);
      return reply(200);
    }
    if (this.#has('a large body has no answer') && (body?.length ?? 0) > 10_000_000)
      throw new CommandFailure('write EPIPE');
    if (body !== undefined && body.length > 4_096_000)
      return reply(this.#has('a large body is a 502') && body.length > 10_000_000 ? 502 : 413);
    const isZipped = headers['content-encoding'] === 'gzip';
    if (isZipped && this.#has('gzip is not read')) return reply(400);
    const text = typeof body === 'string' ? body : gunzipSync(body ?? '').toString();
    if (this.#mode === 'degraded' && this.#has('ingest refuses while degraded')) return reply(503);
    this.#take((JSON.parse(text) as { batch: object[] }).batch);
    return reply(200);
  }

  #take(events: readonly object[]): void {
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
    if (this.#mode === 'degraded') {
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
    if (this.#mode !== 'degraded') throw new CommandFailure('it is not degraded');
    this.#mode = 'recovering';
    this.#successes = 0;
    this.#drain();
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
