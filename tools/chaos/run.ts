/** The loop: kill, start again, as often as was asked for; then the fix, quiet, and the audit. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Dice } from '../driver/dice.ts';
import { Ledger } from '../driver/ledger.ts';
import { Receiver } from '../driver/receiver.ts';
import { DEADLINE_MS, until } from '../driver/until.ts';
import { findProblems, type Result } from './audit.ts';
import type { Options } from './options.ts';
import { Pipeline } from './pipeline.ts';
import { planKills, type Kill, type Victim } from './plan.ts';
import { Recoveries } from './recoveries.ts';
import { Traffic } from './traffic.ts';
import { Watch } from './watch.ts';

/** Of the destinations, in the order of the ledger. */
const PATHS = ['/crm', '/lake'];
/** Of the destinations' answers. */
const SHARE_OF_500 = 0.05;
/** After the fix the load continues for a while: what is new meets what is brought back. */
const LAST_LOAD_MS = 5_000;

/** Of what runs, and may not answer. */
const ASKING = { pollMs: 300, retriesErrors: true };

const HAD = { begun: 'begun to start', up: 'come up', delivering: 'delivered' } as const;

export class Run {
  readonly #options: Options;
  readonly #say: (line: string) => void;
  readonly #dice: Dice;
  readonly #ledger = new Ledger(PATHS.length);
  readonly #receiver: Receiver;
  readonly #pipeline: Pipeline;
  readonly #kills: Record<Victim, number> = { group: 0, main: 0, function: 0, start: 0 };
  readonly #starts = new Recoveries();
  readonly #accepting = new Recoveries();
  readonly #delivering = new Recoveries();
  #failedDeliveries = 0;
  /** When the present start was up; undefined while there is none. */
  #upAt: number | undefined;
  /** When the present start made its first delivery. */
  #deliveringAt: number | undefined;
  #lastKillAt = 0;

  private constructor(options: Options, say: (line: string) => void, receiver: Receiver, pipeline: Pipeline) {
    this.#options = options;
    this.#say = say;
    this.#dice = new Dice(options.seed);
    this.#receiver = receiver;
    this.#pipeline = pipeline;
  }

  static async create(options: Options, say: (line: string) => void): Promise<Run> {
    const receiver = await Receiver.start({ keepsRequests: false });
    const pipeline = new Pipeline(PATHS.map((path) => receiver.url(path)));
    return new Run(options, say, receiver, pipeline);
  }

  /** Ends whatever still runs. */
  async close(): Promise<void> {
    await this.#pipeline.remove();
    await this.#receiver.close();
  }

  /** The local run's latest output. */
  log(): Promise<string> {
    return this.#pipeline.log();
  }

  async go(): Promise<Result> {
    const { kills, seed, users } = this.#options;
    const beganAt = performance.now();
    const answers = new Dice(seed + users);
    const answer = (): number => {
      if (!answers.chance(SHARE_OF_500)) return 200;
      this.#failedDeliveries += 1;
      return 500;
    };
    for (const path of PATHS) this.#receiver.answer(path, answer);
    this.#receiver.watch(PATHS, (destination, messageId, at) => {
      this.#ledger.arrive(destination, messageId, at);
      if (this.#upAt === undefined || at < this.#upAt) return;
      this.#deliveringAt ??= at;
      this.#delivering.alive(at);
    });
    const plan = planKills(kills, this.#dice);
    await this.#start();
    const traffic = new Traffic(this.#ledger, users, seed, {
      url: () => this.#pipeline.dataPlaneUrl,
      onAccepted: (at) => this.#accepting.alive(at),
    });
    const watch = new Watch(() => this.#pipeline.consoleUrl);
    try {
      for (const [done, kill] of plan.entries()) {
        traffic.poison(kill.poisons);
        await this.#killOnce(kill, `${done + 1}/${kills}`);
      }
      await this.#fix();
      await sleep(LAST_LOAD_MS);
      await this.#within('everybody to be answered', traffic.stop());
      const unsettled = await this.#settle(watch);
      const settledMs = (this.#ledger.lastArrival ?? this.#lastKillAt) - this.#lastKillAt;
      await watch.stop();
      const { code, leftBehind } = await this.#pipeline.stop();
      return {
        ...this.#ledger.verdict(),
        seed,
        users,
        kills: this.#kills,
        seconds: (performance.now() - beganAt) / 1_000,
        poisonous: plan.reduce((sum, { poisons }) => sum + poisons.length, 0),
        unanswered: traffic.unanswered,
        refused: traffic.refused,
        failedDeliveries: this.#failedDeliveries,
        stages: watch.seen,
        startMs: this.#starts.summary,
        accepting: this.#accepting.summary,
        delivering: this.#delivering.summary,
        settledMs,
        problems: findProblems(this.#ledger, {
          'answers that make an SDK throw events away': traffic.wrongAnswers,
          'that did not come to rest': unsettled,
          'that did not end well': [
            ...(code === 0 ? [] : [`SIGTERM at the end: exit code ${String(code)}`]),
            ...(leftBehind === 0 ? [] : [`${leftBehind} processes of functions stayed behind`]),
          ],
        }),
      };
    } finally {
      traffic.abandon();
      await watch.stop();
    }
  }

  async #start(): Promise<void> {
    const begun = performance.now();
    this.#pipeline.begin();
    await this.#pipeline.ready();
    this.#upAt = performance.now();
    this.#starts.stopped(begun);
    this.#starts.alive(this.#upAt);
  }

  async #killOnce({ victim, afterMs, since, transforms }: Kill, which: string): Promise<void> {
    if (since === 'begun') {
      // What runs is stopped immediately, too: a start is what is to be killed.
      await this.#kill('group');
      this.#pipeline.begin();
    } else if (since === 'delivering') {
      await until('a delivery', () => this.#deliveringAt, { deadlineMs: this.#options.patienceMs });
    }
    await sleep(afterMs);
    await this.#kill(victim);
    this.#kills[victim] += 1;
    const when = `${victim}, ${(afterMs / 1_000).toFixed(1)} s after it had ${HAD[since]}`;
    if (victim === 'function') {
      this.#report(which, when);
      return;
    }
    this.#pipeline.write(transforms);
    await this.#start();
    this.#report(which, `${when}; up again, ${transforms}`);
  }

  async #kill(victim: Victim): Promise<void> {
    if (!this.#pipeline.isRunning) throw new Error('the local run ended, and nobody had killed it');
    this.#lastKillAt = performance.now();
    if (victim === 'function') {
      await until('a function with a process', () => this.#pipeline.kill(victim, this.#dice), {
        ...ASKING,
        deadlineMs: 4 * DEADLINE_MS,
      });
      return;
    }
    this.#upAt = undefined;
    this.#deliveringAt = undefined;
    this.#accepting.stopped(this.#lastKillAt);
    this.#delivering.stopped(this.#lastKillAt);
    await this.#pipeline.kill(victim, this.#dice);
  }

  /** The fix is deployed by a start, as by all the others. */
  async #fix(): Promise<void> {
    this.#say('the last kill, and the fix');
    await this.#kill('group');
    this.#pipeline.write('fixed');
    await this.#start();
  }

  /** @returns what is still not as it should be when the patience is at its end */
  async #settle(watch: Watch): Promise<readonly string[]> {
    let left: readonly string[] = [];
    const isSettled = async (): Promise<boolean> => {
      const stages = await watch.look();
      left = (stages ?? []).flatMap(({ id, mode, parkedKeys, deadLetters, queue }) => {
        const waiting = queue.visible + queue.inFlight + deadLetters + parkedKeys;
        return mode === 'normal' && waiting === 0 ? [] : [`${id}: ${mode}, ${waiting} messages or keys wait`];
      });
      return stages !== undefined && left.length === 0 && this.#ledger.isComplete;
    };
    try {
      await until('quiet', isSettled, { ...ASKING, deadlineMs: this.#options.patienceMs });
      return [];
    } catch (error) {
      return left.length > 0 ? left : [String(error)];
    }
  }

  async #within(what: string, work: Promise<void>): Promise<void> {
    const late = sleep(this.#options.patienceMs, 'late', { ref: false });
    if ((await Promise.race([work, late])) === 'late') throw new Error(`timed out waiting for ${what}`);
  }

  #report(which: string, what: string): void {
    const { accepted, deliveries, lost, duplicates, outOfOrder } = this.#ledger.verdict();
    const counts = `${accepted} accepted, ${deliveries} delivered, ${lost} on their way`;
    this.#say(
      `${which.padStart(9)}  ${what}; ${counts}, ${duplicates} duplicates, ${outOfOrder} out of order`,
    );
  }
}
