/**
 * A program that loads a function's transform as the function would, runs events through it, and prints what comes out:
 *
 *     node check.mjs <directory>
 *
 * The directory holds the files of the function's asset (`BUNDLE_FILES`). `contract/transform-check.ts` has the shapes of the request and of the
 * answer. `lib` builds this program, and runs it by its name, as the command line does.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BUNDLE_FILES, type DeliverBundle, type RouterBundle } from '../../contract/bundle.ts';
import {
  UNAVAILABLE_SECRET,
  type CheckAnswer,
  type CheckEvent,
  type CheckFailure,
  type CheckLine,
  type CheckRequest,
  type CheckRun,
} from '../../contract/transform-check.ts';
import type { SluiceEvent } from '../core/event/event.ts';
import type { CaughtCrash } from '../core/event/transform.ts';
import { loadTimeoutIn, type LogLine } from './options.ts';
import { Sandbox } from './sandbox.ts';

/** How long the last event has to fail late; milliseconds. */
const LATE_TIME = 300;

/** How long an event waits for a new thread after the event before it has ended the old one; milliseconds. */
const TIME_TO_BEGIN = 60_000;

/** Lines that are not an event's; the shell limits those of each event. */
const MAX_PRINTED = 200;

const directory = path.resolve(process.argv[2] ?? '.');
const file = (name: string): URL => pathToFileURL(path.join(directory, name));

/** The places of a stack that are the user's, by the names of their sources. */
const nameSources = (stack: string): string =>
  stack
    .split('\n')
    .filter((line) => !/^\s+at .*\bnode:/.test(line) && !line.includes(file(BUNDLE_FILES.sandbox).href))
    .map((line) =>
      line
        .replace(/(?:file:\/\/)?\/[^()\n]+?(?=:\d+:\d+\)?$)/, (place) => {
          const absolute = place.startsWith('file:') ? fileURLToPath(place) : place;
          // A source map's sources are named from its own place, where they do not exist; what exists there is what it says.
          return existsSync(absolute) ? place : path.relative(directory, absolute);
        })
        .replace(/^(\s+at )<anonymous> \((.+)\)$/, '$1$2'),
    )
    .join('\n');

const failure = ({ kind, error, stack, eventId }: CaughtCrash | (CheckFailure & { kind: 'late' })) =>
  ({
    kind,
    error,
    ...(stack === undefined ? {} : { stack: nameSources(stack) }),
    ...(eventId === undefined ? {} : { eventId }),
  }) satisfies CheckFailure;

const leak = (events: number): string =>
  `the thread ran out of memory after ${events} events, although this event alone does not need it: look for a leak`;

class Check {
  readonly #sandbox: Sandbox;
  readonly #runs: (CheckRun & { readonly printed: CheckLine[] })[] = [];
  readonly #printed: CheckLine[] = [];
  readonly #late: CheckFailure[] = [];
  /** The event that runs has no entry in `#runs` yet. */
  #printing: CheckLine[] = [];
  #running: string | undefined;
  /** Events after which the thread ran out of memory while this one ran; 0: it did not. */
  #leaked = 0;

  constructor(bundle: RouterBundle | DeliverBundle, secrets: CheckRequest['secrets']) {
    const { transform, timing } = bundle;
    if (transform === undefined) throw new Error(`the function in ${directory} has no transform`);
    const isDestination = 'destination' in bundle;
    const functionTimeout = isDestination ? timing.deliverTimeout : timing.routerTimeout;
    const memory = Number(process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']);
    const values = Object.fromEntries(
      Object.entries(transform.secrets).map(([name, { secretName }]) => [
        name,
        secrets[secretName] ?? UNAVAILABLE_SECRET,
      ]),
    );
    this.#sandbox = new Sandbox({
      shell: file(BUNDLE_FILES.sandbox),
      module: file(BUNDLE_FILES.transform),
      destination: isDestination ? bundle.destination.id : undefined,
      timeout: transform.timeout,
      loadTimeout: loadTimeoutIn(functionTimeout),
      memory: transform.memory,
      processMemory: memory > 0 ? memory : undefined,
      env: transform.env,
      secrets: () => Promise.resolve(values),
      onLog: (line) => this.#print(line),
      onLate: (late) => void this.#late.push(failure({ kind: 'late', ...late })),
      onLeak: (events) => {
        this.#leaked = events;
      },
      onAbandoned: () => undefined,
    });
  }

  async answer(events: readonly CheckEvent[]): Promise<CheckAnswer> {
    const load = await this.#sandbox.check();
    if (load === undefined) {
      // One after another, so that what ends the thread is this event's doing, and what it prints stands with it.
      for (const event of events) await this.#run(event);
      if (events.length > 0) await sleep(LATE_TIME);
    }
    return {
      ...(load === undefined ? {} : { load: failure(load) }),
      runs: this.#runs,
      printed: this.#printed,
      late: this.#late,
    };
  }

  async #run({ event, source, receivedAt }: CheckEvent): Promise<void> {
    this.#printing = [];
    this.#running = event.messageId;
    this.#leaked = 0;
    const job = { sourceId: source, receivedAt, events: [event as SluiceEvent], time: TIME_TO_BEGIN };
    const { made, ended } = await this.#sandbox.run(job);
    const [outputs] = made;
    this.#running = undefined;
    if (this.#leaked > 0 && ended === undefined)
      this.#printing.push({ level: 'warn', text: leak(this.#leaked) });
    if (ended?.kind === 'no time') {
      const why = this.#sandbox.isSpent
        ? ': the code of an earlier one fills the memory and does not end'
        : '';
      throw new Error(`event ${event.messageId} could not begin${why}`);
    }
    this.#runs.push({
      eventId: event.messageId,
      ...(ended === undefined ? { outputs: outputs ?? [] } : { crash: failure(ended.crash) }),
      printed: this.#printing,
    });
  }

  #print({ level, eventId, text, fields }: LogLine): void {
    // What an earlier event has started may still print.
    const earlier = this.#runs.findLast((run) => run.eventId === eventId)?.printed;
    const lines = eventId !== undefined && eventId === this.#running ? this.#printing : earlier;
    const line = { level, text, ...(fields === undefined ? {} : { fields }) };
    if (lines !== undefined) lines.push(line);
    else if (this.#printed.length < MAX_PRINTED) this.#printed.push(line);
  }
}

const bundle = JSON.parse(readFileSync(file(BUNDLE_FILES.config), 'utf8')) as RouterBundle | DeliverBundle;
const { events, secrets } = JSON.parse(await text(process.stdin)) as CheckRequest;
const answer = await new Check(bundle, secrets).answer(events);
process.stdout.write(`${JSON.stringify(answer)}\n`, () => {
  // The thread may be in a call that does not return, for which `process.exit` would wait.
  process.kill(process.pid, 'SIGKILL');
});
