/** What the checks need of the world, so that a test can stand in for it. All times are milliseconds. */
import type { CanaryPage } from '../../contract/canary.ts';
import type { CanaryVariant } from '../../contract/canary.ts';
import type { Ask } from '../client.ts';
import type { CheckResult } from '../doctor/run.ts';
import type { Outcome } from './outcome.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'OPTIONS';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** What check 6 has seen of the page, for the check of the pager. */
export interface Incident {
  /** When the last page before it was received. */
  readonly before: number;
  /** When the stage became degraded, by the pipeline's clock. */
  readonly since: number;
}

export interface World {
  readonly ask: Ask;
  /** Of the data plane. @throws Error when there is no answer */
  readonly request: (request: HttpRequest) => Promise<Answer>;
  readonly dataPlaneUrl: string;
  /** Otherwise it is the local run. */
  readonly isAws: boolean;
  /** The version of TLS that the data plane speaks. */
  readonly tlsVersion: () => Promise<string>;
  /** Lines of the functions' logs since the command began that say that access was denied. */
  readonly deniedInLogs: (() => Promise<readonly string[]>) | undefined;
  /** Deploys with another canary, or with that of the configuration. Undefined: nobody has said how. @throws Error when it fails */
  readonly deploy: ((variant?: CanaryVariant) => Promise<void>) | undefined;
  /** Has what waits in former queues of the canary delivered, and says how many messages. Undefined: it takes its queue over. */
  readonly adopt: (() => Promise<number>) | undefined;
  /** What the doctor finds at the stack. Undefined: it is the local run. */
  readonly examineStack: (() => Promise<readonly CheckResult[]>) | undefined;
  readonly clock: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Names this run of the checks: small letters and digits. */
  readonly run: string;
  /** A command for the same pipeline, to copy. */
  readonly command: (text: string) => string;
}

/** What one check leaves for a later one. */
export interface Shared {
  writeKey: string;
  /** When the checks began, by the pipeline's clock. */
  pipelineStartedAt: number;
  incident?: Incident;
  /** Of check 7, which is made in the middle of check 6. */
  whileDegraded?: Outcome;
  /** Numbers of checks that are not made. */
  readonly skip: readonly number[];
  /** Of the checks before, by their numbers. */
  readonly results: Map<number, Outcome>;
}

export interface Check {
  readonly number: number;
  readonly title: string;
  readonly run: (world: World, shared: Shared) => Promise<Outcome>;
}

export interface Waited<Value> {
  /** The last that was read, whether it was enough or not. */
  readonly value: Value;
  readonly enough: boolean;
  readonly after: number;
}

/** Reads until it is enough, or the time is over: whether that is good is for a judgement to say. */
export const waitFor = async <Value>(
  { clock, sleep }: Pick<World, 'clock' | 'sleep'>,
  read: () => Promise<Value>,
  isEnough: (value: Value) => boolean,
  { within, poll = 500 }: { readonly within: number; readonly poll?: number },
): Promise<Waited<Value>> => {
  const start = clock();
  for (;;) {
    const value = await read();
    const enough = isEnough(value);
    const after = clock() - start;
    if (enough || after >= within) return { value, enough, after };
    await sleep(poll);
  }
};

/** Pages that were received after `before`. */
export const pagesAfter = (pages: readonly CanaryPage[], before: number): readonly CanaryPage[] =>
  pages.filter(({ receivedAt }) => receivedAt > before);
