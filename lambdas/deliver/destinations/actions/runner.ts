/**
 * Runs events of one user through the actions that take them.
 *
 * Each event goes through its subscriptions one after another, in the order of the configuration, and the next event begins when they are
 * done. Events that follow one another and have the same subscriptions share a request of an action that takes several; when such a
 * request is refused as a whole, each of them is sent alone, so that only the bad one is rejected. A token that is refused is refreshed
 * once.
 */
import { redactor, type Redact } from '../../../core/base/redaction.ts';
import type { JsonObject } from '../../../core/event/event.ts';
import type { Catalogue, Query } from './catalogue.ts';
import type { Account, Result, Subscription } from './protocol.ts';
import type { RunScope } from './run-scope.ts';
import { Tokens } from './tokens.ts';
import { verdictOfStatus, verdictOfThrown } from './verdict.ts';

const DELIVERED = { kind: 'delivered' } as const;
/** Also when an action took it and asked nobody: what was sent to nobody is not delivered. */
const FILTERED = { kind: 'filtered' } as const;
const OAUTH = new Set(['oauth2', 'oauth-managed']);
const UNAUTHORIZED = 401;

type Events = readonly JsonObject[];

/** Of an event's subscriptions: what is not done has to be done, and what was refused must be known. */
const rankOf = (result: Result): number =>
  isFinished(result) ? ['filtered', 'delivered', 'rejected'].indexOf(result.kind) : 3;
const decisive = (one: Result, other: Result): Result => (rankOf(other) > rankOf(one) ? other : one);

const isFinished = ({ kind }: Result): boolean => ['delivered', 'filtered', 'rejected'].includes(kind);

const statusOf = (thrown: unknown): unknown => {
  const { status, response } = (thrown ?? {}) as { status?: unknown; response?: { status?: unknown } };
  return status ?? response?.status;
};

export class Runner {
  readonly #catalogue: Catalogue;
  readonly #clock: () => number;
  readonly #tokens = new Tokens();
  readonly #queries = new Map<string, Query>();
  #redaction: { readonly of: string; readonly redact: Redact } | undefined;

  /** @param clock milliseconds since 1970 */
  constructor(catalogue: Catalogue, clock: () => number) {
    this.#catalogue = catalogue;
    this.#clock = clock;
  }

  /** Adds the results in order, up to the first event that is not finished, or for which there is no time. */
  async run(events: Events, account: Account, scope: RunScope, results: Result[]): Promise<void> {
    const { subscriptions, batch } = account;
    const taken = events.map((event) => subscriptions.filter((one) => this.#takes(one, event)));
    const isSame = (a: number, b: number): boolean => {
      const [one, other] = [taken[a] ?? [], taken[b] ?? []];
      return one.length === other.length && one.every((subscription, i) => subscription === other[i]);
    };
    for (let from = 0; from < events.length;) {
      if (from > 0 && scope.timeLeft <= 0) return;
      const own = taken[from] ?? [];
      let end = from + 1;
      if (own.some(({ action }) => this.#isBatched(action)))
        while (end < events.length && end - from < batch && isSame(from, end)) end += 1;
      const group = events.slice(from, end);
      from = end;
      const made = own.length === 0 ? [FILTERED] : await this.#send(group, own, account, scope);
      results.push(...made);
      if (!made.every(isFinished)) return;
    }
  }

  /** Of what the account has, and of what refreshes brought. */
  redactOf({ secrets }: Account): Redact {
    const all = [...secrets, ...this.#tokens.known];
    const text = JSON.stringify(all);
    if (this.#redaction?.of !== text) this.#redaction = { of: text, redact: redactor(all) };
    return this.#redaction.redact;
  }

  #takes({ subscribe }: Subscription, event: JsonObject): boolean {
    const query = this.#queries.get(subscribe) ?? this.#catalogue.parseFql(subscribe);
    this.#queries.set(subscribe, query);
    return this.#catalogue.validate(query, event);
  }

  #isBatched(action: string): boolean {
    return this.#catalogue.destination.actions[action]?.hasBatchSupport === true;
  }

  /** Events that have the same subscriptions. */
  async #send(
    group: Events,
    subscriptions: readonly Subscription[],
    account: Account,
    scope: RunScope,
  ): Promise<Result[]> {
    let results = group.map((): Result => FILTERED);
    for (const subscription of subscriptions) {
      const made =
        group.length > 1 && this.#isBatched(subscription.action)
          ? await this.#batch(group, subscription, account, scope)
          : await this.#oneByOne(group, subscription, account, scope);
      results = results.slice(0, made.length).map((before, i) => decisive(before, made[i] ?? before));
      if (!made.every(isFinished)) break;
    }
    const end = results.findIndex((result) => !isFinished(result));
    return end === -1 ? results : results.slice(0, end + 1);
  }

  async #oneByOne(
    group: Events,
    subscription: Subscription,
    account: Account,
    scope: RunScope,
  ): Promise<Result[]> {
    const results: Result[] = [];
    for (const event of group) {
      if (results.length > 0 && scope.timeLeft <= 0) break;
      const result = await this.#one(event, subscription, account, scope);
      results.push(result);
      if (!isFinished(result)) break;
    }
    return results;
  }

  async #one(
    event: JsonObject,
    subscription: Subscription,
    account: Account,
    scope: RunScope,
  ): Promise<Result> {
    const { action } = subscription;
    const before = scope.answers;
    try {
      await this.#refreshing(account, async () => {
        await this.#catalogue.destination.executeAction(action, {
          ...this.#bundle(subscription, account, scope),
          event: structuredClone(event),
        });
      });
      return scope.answers === before ? FILTERED : DELIVERED;
    } catch (error) {
      return verdictOfThrown(error, this.#judging(action, account));
    }
  }

  async #batch(
    group: Events,
    subscription: Subscription,
    account: Account,
    scope: RunScope,
  ): Promise<Result[]> {
    const { action } = subscription;
    const judging = this.#judging(action, account);
    const before = scope.answers;
    const ask = () =>
      this.#catalogue.destination.executeBatch(action, {
        ...this.#bundle(subscription, account, scope),
        events: structuredClone(group),
      });
    let results: Result[];
    try {
      const statuses = await this.#refreshing(account, ask, (made) =>
        made.some((one) => one?.status === UNAUTHORIZED),
      );
      results = group.map((_, i) => verdictOfStatus(statuses[i], judging));
      if (scope.answers === before)
        results = results.map((one) => (one.kind === 'delivered' ? FILTERED : one));
    } catch (error) {
      const result = verdictOfThrown(error, judging);
      results = group.map(() => result);
    }
    const isRefused = results.every(({ kind }) => kind === 'rejected' || kind === 'threw');
    return isRefused ? this.#oneByOne(group, subscription, account, scope) : results;
  }

  /** Once more with a new token, where the old one is refused. @param isRefused says so of an answer */
  async #refreshing<T>(
    account: Account,
    work: () => Promise<T>,
    isRefused: (made: T) => boolean = () => false,
  ): Promise<T> {
    const { authentication } = this.#catalogue.destination;
    const oauth = this.#tokens.of(account.oauth);
    const canRefresh =
      OAUTH.has(authentication?.scheme ?? '') &&
      authentication?.refreshAccessToken !== undefined &&
      oauth.refreshToken !== undefined;
    try {
      const made = await work();
      if (!canRefresh || !isRefused(made)) return made;
    } catch (error) {
      if (!canRefresh || statusOf(error) !== UNAUTHORIZED) throw error;
    }
    await this.#tokens.refresh(oauth.accessToken, (current) =>
      this.#catalogue.destination.refreshAccessToken(account.settings, current),
    );
    return work();
  }

  #bundle({ mapping }: Subscription, { settings, oauth }: Account, { signal }: RunScope) {
    const { accessToken, refreshToken, refreshTokenUrl } = this.#tokens.of(oauth);
    return {
      // An action may write into what it is given, and the next one must not see it.
      mapping: structuredClone(mapping),
      settings: { ...settings },
      auth: { accessToken, refreshToken, refreshTokenUrl },
      signal,
      features: {},
      statsContext: {},
      subscriptionMetadata: {},
    };
  }

  #judging(action: string, account: Account) {
    const redact: Redact = (text) => this.redactOf(account)(text);
    return { action, redact, now: this.#clock() };
  }
}
