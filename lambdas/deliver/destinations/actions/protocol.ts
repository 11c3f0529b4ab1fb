/** What the function's thread and the thread of the catalogue's destination say to each other. Both sides are of one deployment. */
import type { JsonObject } from '../../../core/event/event.ts';
import type { Networks } from '../../address.ts';
import type { Verdict } from '../sender.ts';

export interface ThreadData {
  /** The destination's module. */
  readonly module: string;
  readonly networks: Networks;
  /** Milliseconds of one call, all of its requests together. */
  readonly timeout: number;
  /** Gets all requests in place of the services' own hosts. */
  readonly origin?: string | undefined;
}

/** The values of what the configuration names. */
export interface OAuth {
  readonly accessToken?: string | undefined;
  readonly refreshToken?: string | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly refreshTokenUrl?: string | undefined;
}

export interface Subscription {
  readonly action: string;
  readonly subscribe: string;
  readonly mapping: JsonObject;
}

/** How the destination is configured, with the secrets' values. */
export interface Account {
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly oauth: OAuth;
  readonly env: Readonly<Record<string, string>>;
  readonly subscriptions: readonly Subscription[];
  /** What must be in no text that leaves the thread. */
  readonly secrets: readonly string[];
  readonly batch: number;
}

/** What the function's thread sends. */
export interface Task {
  readonly id: number;
  readonly account: Account;
  /** Events of one user, in order, as JSON. */
  readonly events: string;
}

/** The destination's code failed in a way that says nothing of the receiver. */
export interface Threw {
  readonly kind: 'threw';
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

export type Result = Verdict | Threw;

/** What the other one answers: of the events, in order, as far as there was time, and to the first that is not finished. */
export type Answer =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'not loaded'; readonly error: Threw }
  | { readonly kind: 'done'; readonly id: number; readonly results: readonly Result[] };
