/**
 * The program of the transform's thread. It loads the user's module, runs events through it, and says what came of each.
 *
 * Guarantees, whatever the user's code does to the thread it runs in:
 * - What leaves the thread is text that was made by code of ours, out of intrinsics that were taken before the module was loaded.
 * - A failure is the failure of the event that caused it: while the event is in hand it is a crash of that event, and after
 *   it was answered a late crash, which charges nobody. `AsyncLocalStorage` names the event, through timers and promises.
 * - Where the thread cannot say anything any more (a loop without end, no memory), the shared memory says what it had in hand.
 *
 * It isolates faults. It is no wall against code that means harm: that shares a process with ours.
 */
import { syncBuiltinESMExports } from 'node:module';
import { flushInTime, mark, memory, now, port, say, sayNow, userModule } from './channel.ts';
import { describe } from './describe.ts';
import {
  add,
  apply,
  captureStackTrace,
  each,
  freeze,
  immediately,
  NativeError,
  NativePromise,
  parse,
  resolved,
  runAs,
  runningAs,
  slice,
  store,
  stringify,
  then,
  toText,
} from './intrinsics.ts';
import { captureOutput } from './output-streams.ts';
import { toOutputs } from './outputs.ts';
import { SHARED, type Failure, type JobMessage, type ToThread } from './protocol.ts';

/** An event that was begun, as everything that it starts knows it. */
interface Work {
  readonly job: number;
  eventId: string;
  isOver: boolean;
  lines: number;
  /** Ends the wait for the event's promise. */
  fail: (reason: unknown) => void;
}

type UserTransform = (event: unknown, context: unknown) => unknown;

/** Lines of one event that are passed on. */
const MAX_LINES = 20;
/** Milliseconds after which it lets timers and pings have a turn. */
const TURN = 10;

let lastTurn = 0;

const workOf = (): Work | undefined => runningAs() as Work | undefined;

const named = (work: Work | undefined) => (work === undefined ? {} : { eventId: work.eventId });

const uncaught = (reason: unknown): void => {
  const work = workOf();
  if (work?.isOver === false) {
    work.fail(reason);
    return;
  }
  sayNow({ type: 'late', ...named(work), failure: runAs(work, () => describe(reason)) });
};

const print = (level: 'info' | 'warn', text: string, fields?: string): void => {
  const work = workOf();
  if (work !== undefined) {
    work.lines += 1;
    if (work.lines > MAX_LINES) return;
    if (work.lines === MAX_LINES) text = `${text} (further lines of this event are left out)`;
  }
  sayNow({ type: 'log', level, ...named(work), text, ...(fields === undefined ? {} : { fields }) });
};

let isExiting = false;

/** The code ends its thread: which event's does is known here, and nowhere else. */
const hookExit = (name: 'exit' | 'reallyExit'): void => {
  const real = process[name as 'exit'].bind(process);
  const hooked = (code?: number): never => {
    // The one calls the other.
    if (!isExiting) {
      isExiting = true;
      sayExit(`process.${name}(${code === undefined ? '' : toText(code)})`, hooked);
    }
    return real(code);
  };
  Object.defineProperty(process, name, { value: hooked, writable: true, configurable: true });
};

/** @param below what of the stack is ours */
const sayExit = (what: string, below: (code?: number) => never): void => {
  const work = workOf();
  const when = work?.isOver === true ? ', after the event had been answered' : '';
  const at = new NativeError(what);
  captureStackTrace(at, below);
  const { stack } = describe(at);
  const failure: Failure = {
    error: `${what} ended the thread${when}`,
    ...(stack === undefined ? {} : { stack }),
  };
  const inHand = work?.isOver === false ? { job: work.job } : {};
  sayNow({ type: 'exit', ...inHand, ...named(work), failure });
};

let secrets: Readonly<Record<string, string>> = {};
let transform: UserTransform | undefined;

const setSecrets = (values: Readonly<Record<string, string>>): void => {
  secrets = freeze(values);
};

const load = async (values: Readonly<Record<string, string>>): Promise<void> => {
  setSecrets(values);
  const names = Object.keys(values);
  for (const name of names) process.env[name] = values[name];
  try {
    const loaded = (await import(userModule)) as { default?: unknown; transform?: unknown };
    const found = loaded.default ?? loaded.transform;
    if (typeof found !== 'function')
      throw new NativeError(
        'the module exports no function; write `export default function (event) { ... }`',
      );
    transform = found as UserTransform;
    say({ type: 'loaded' });
  } catch (error) {
    sayNow({ type: 'not loaded', failure: describe(error) });
  }
};

const log = (message: unknown, fields?: unknown): void => {
  const text = slice(toText(message), 0, 4_000);
  const json = fields === undefined ? undefined : stringify(fields);
  print('info', text, json === undefined || json.length > 4_000 ? undefined : json);
};

const contextOf = ({ source, destination, receivedAt }: JobMessage): object => ({
  source,
  ...(destination === undefined ? {} : { destination }),
  receivedAt,
  secrets,
  log,
});

/** Resolves as the transform's promise does; rejects also when something fails that the event has started. */
const settled = (returned: unknown, work: Work): Promise<unknown> =>
  new NativePromise((done, failed) => {
    work.fail = failed;
    void then(resolved(returned), done, failed);
  });

/** @returns the outputs as JSON @throws whatever user code throws */
const runEvent = async (
  event: unknown,
  job: JobMessage,
  work: Work,
  code: UserTransform,
): Promise<readonly string[]> => {
  mark(job.slot);
  try {
    let returned = runAs(work, (): unknown => apply(code, undefined, [event, contextOf(job)]));
    if ((typeof returned === 'object' && returned !== null) || typeof returned === 'function') {
      if (runAs(work, () => typeof (returned as { then?: unknown }).then === 'function')) {
        mark(-1);
        returned = await settled(returned, work);
        mark(job.slot);
      }
    }
    return runAs(work, () => toOutputs(returned, work.eventId));
  } finally {
    mark(-1);
  }
};

const runJob = async (job: JobMessage, code: UserTransform): Promise<void> => {
  const { events, slot, until } = job;
  for (let i = 0; i < events.length; i += 1) {
    const time = now();
    if (time > until) break;
    flushInTime(time);
    if (time - lastTurn > TURN) {
      lastTurn = time;
      await new NativePromise<void>((turn) => immediately(turn));
    }
    const event = parse(events[i] ?? '') as { readonly messageId: string };
    const work: Work = {
      job: job.job,
      eventId: event.messageId,
      isOver: false,
      lines: 0,
      fail: () => undefined,
    };
    store(memory, SHARED.event(slot), i + 1);
    let failure: Failure | undefined;
    try {
      const outputs = await runEvent(event, job, work, code);
      say({ type: 'made', job: job.job, outputs });
    } catch (error) {
      mark(slot);
      failure = runAs(work, () => describe(error));
      mark(-1);
    }
    work.isOver = true;
    store(memory, SHARED.event(slot), 0);
    if (failure === undefined) continue;
    say({ type: 'ended', job: job.job, failure });
    return;
  }
  say({ type: 'ended', job: job.job });
};

const receive = (message: ToThread): void => {
  switch (message.type) {
    case 'ping':
      add(memory, SHARED.beat, 1);
      break;
    case 'load':
      void load(message.secrets);
      break;
    case 'secrets':
      setSecrets(message.secrets);
      break;
    case 'run':
      each(message.jobs, (job) => {
        // Jobs are given to a thread that has said that it has loaded.
        if (transform !== undefined) void runJob(job, transform);
      });
      break;
  }
};

process.setSourceMapsEnabled(true);
// Not a listener, which user code may remove: Node then ends the thread, and on some versions forgets whose event it was.
process.setUncaughtExceptionCaptureCallback(uncaught);
process.on('unhandledRejection', uncaught);
captureOutput(print);
hookExit('exit');
hookExit('reallyExit');
syncBuiltinESMExports();
port.on('message', receive);
