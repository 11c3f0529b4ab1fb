/** Which calls fail, and how long they take: by the plan's rates and troubles, or by its list of mishaps. */
import { Dice } from '../../../tools/driver/dice.ts';
import type { Invocation, Mishap } from '../invocation.ts';
import { SECOND } from './config.ts';
import { STAGES, type Action, type Plan, type Service, type StageId } from './plan.ts';

/** The longest time that a call takes without a fault, milliseconds; one call in two takes 1% of it. */
const LATENCY = 3 * SECOND;
const SKEW = Math.log(0.01) / Math.log(0.5);
/** The timeout of our AWS clients. */
const SLOWEST = 6_400;

type Trouble = Extract<Action, { do: 'trouble' }>;
/** @param call `port.method` */
export type OnCall = (call: string, by: Invocation) => void;

type Denial = Extract<Action, { do: 'deny' }>;

const SERVICES: readonly (readonly [Service, RegExp])[] = [
  ['dynamo', /^(state|modes|parking|rejections|registry|seen|lateCrashes)\./],
  ['sqs', /^(sqs|queue|counts)\./],
  ['lambda', /^(functions|mappings)\./],
];

const serviceOf = (call: string): Service | undefined => SERVICES.find(([, calls]) => calls.test(call))?.[0];

export class Faults {
  readonly #plan: Plan;
  readonly #random: () => number;
  /** A separate generator, so that replacing the chances with a list of mishaps changes nothing else. */
  readonly #chances: () => number;
  readonly #time: () => number;
  readonly #mishaps: ReadonlyMap<number, Mishap> | undefined;
  readonly #isCalm: boolean;
  readonly #onCall: OnCall | undefined;
  #troubles: Trouble[] = [];
  #denials: readonly Denial[] = [];
  /** Number of calls that could have failed. */
  calls = 0;
  /** The mishaps that happened, by the number of the call. */
  readonly happened: [number, Mishap][] = [];
  /** How often each kind of fault happened. */
  readonly counts = new Map<string, number>();

  /** @param time milliseconds since the beginning */
  constructor(plan: Plan, random: () => number, time: () => number, onCall?: OnCall) {
    this.#onCall = onCall;
    this.#plan = plan;
    this.#random = random;
    this.#chances = new Dice(plan.seed + 1).next;
    this.#time = time;
    this.#mishaps = plan.mishaps === undefined ? undefined : new Map(plan.mishaps);
    const { die, fault, timeout } = plan.rates;
    this.#isCalm = die + fault + timeout === 0;
  }

  begin(trouble: Trouble): void {
    this.#troubles.push(trouble);
  }

  deny(denial: Denial): void {
    this.#denials = [...this.#denials, denial];
  }

  /** Whether a permission, a secret or a table is missing now. */
  isDenied(what: Denial['what'], stage: StageId): boolean {
    const now = this.#time();
    return this.#denials.some(
      (one) => one.what === what && one.stage === stage && now < one.at + one.length && this.#isOn,
    );
  }

  /** Whether AWS itself fails calls now or is slow. */
  get isTroubled(): boolean {
    const now = this.#time();
    return this.#troubles.some(({ at, length }) => now < at + length);
  }

  /** Draws from a chance of the settings, until the end. */
  happens(share: number | undefined, what: string): boolean {
    if (share === undefined || share === 0 || !this.#isOn || this.#random() >= share) return false;
    this.count(what);
    return true;
  }

  /** @returns whether the stage whose function makes the call is denied its table */
  #isBarred(call: string, { name }: Invocation): boolean {
    if (this.#denials.length === 0 || serviceOf(call) !== 'dynamo') return false;
    const stage = STAGES.find((one) => name.startsWith(`${one}-`) || name.startsWith(`${one}#`));
    return stage !== undefined && this.isDenied('table', stage);
  }

  mishap(call: string, by: Invocation): Mishap {
    this.calls += 1;
    this.#onCall?.(call, by);
    if (this.#isBarred(call, by)) {
      this.count('denied: table');
      by.isHurt = true;
      return 'denied';
    }
    const fate = this.#mishaps === undefined ? this.#chance(call) : (this.#mishaps.get(this.calls) ?? 'none');
    if (fate === 'none') return fate;
    this.happened.push([this.calls, fate]);
    this.count(fate);
    by.isHurt = true;
    return fate;
  }

  #chance(call: string): Mishap {
    if (!this.#isOn) return 'none';
    const trouble = this.#troubleOf(call, this.#chances);
    if (trouble !== undefined && trouble.how !== 'slow') {
      this.count(`${trouble.service}: ${trouble.how}`);
      return trouble.how === 'outage' && this.#chances() < 0.2 ? 'fault after' : 'fault before';
    }
    if (this.#isCalm) return 'none';
    const { die, fault, timeout } = this.#plan.rates;
    const chance = this.#chances();
    if (chance < die) return chance < die / 2 ? 'die before' : 'die after';
    if (chance < die + fault) return 'fault before';
    return chance < die + fault + timeout ? 'fault after' : 'none';
  }

  latency(call = '', by?: Invocation): number {
    const usual = 1 + Math.floor(LATENCY * this.#random() ** SKEW);
    if (this.#troubles.length === 0) return usual;
    if (this.#troubleOf(call, this.#random)?.how !== 'slow') return usual;
    this.count('slow call');
    if (by !== undefined) by.isHurt = true;
    return Math.floor(SLOWEST * (0.3 + 0.7 * this.#random()));
  }

  /** For a call that is pending when its process dies: when it lands anyway. */
  landsLate(): number | undefined {
    if (this.#random() >= this.#plan.rates.late) return undefined;
    this.count('late write');
    return Math.floor(this.#random() * 5 * SECOND);
  }

  /** What SQS does with one message of a batch. */
  entry(): 'taken' | 'refused' | 'unseen' {
    if (!this.#isOn || this.#plan.rates.partial === 0) return 'taken';
    const chance = this.#random();
    if (chance >= this.#plan.rates.partial) return 'taken';
    this.count('partial batch');
    return chance < this.#plan.rates.partial / 2 ? 'refused' : 'unseen';
  }

  undeleted(): boolean {
    const { undeleted } = this.#plan.rates;
    if (undeleted === 0 || !this.#isOn || this.#random() >= undeleted) return false;
    this.count('undeleted batch');
    return true;
  }

  /** Whether the calls of a run of control take time. In other runs they take none, so that days can be simulated. */
  isSlowControl(): boolean {
    const { slowControl } = this.#plan.settings;
    const now = this.#time();
    if (this.#troubles.some(({ at, length }) => now < at + length)) return true;
    return slowControl === 1 || this.#random() < slowControl;
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  get #isOn(): boolean {
    return this.#time() < this.#plan.end;
  }

  #troubleOf(call: string, random: () => number): Trouble | undefined {
    if (this.#troubles.length === 0) return undefined;
    const now = this.#time();
    this.#troubles = this.#troubles.filter(({ at, length }) => now < at + length);
    const service = serviceOf(call);
    return this.#troubles.find((one) => one.service === service && random() < one.share);
  }
}
