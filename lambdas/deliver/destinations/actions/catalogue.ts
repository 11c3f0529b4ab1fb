/** What is used of Segment's library: it is bundled with the destination, and is no dependency of the functions. */
import type { JsonObject } from '../../../core/event/event.ts';
import type { NewTokens } from './tokens.ts';
import type { OAuth } from './protocol.ts';
import type { BatchStatus } from './verdict.ts';

interface Bundle {
  readonly mapping: JsonObject;
  readonly settings: object;
  readonly auth: Pick<OAuth, 'accessToken' | 'refreshToken' | 'refreshTokenUrl'>;
  readonly signal: AbortSignal;
  /** Switches of Segment's own, all off; and its statistics, which go nowhere. */
  readonly features: object;
  readonly statsContext: object;
  readonly subscriptionMetadata: object;
}

export interface LibraryDestination {
  readonly actions: Readonly<Record<string, { readonly hasBatchSupport: boolean }>>;
  readonly authentication?: { readonly scheme?: string; readonly refreshAccessToken?: unknown } | undefined;
  executeAction(action: string, bundle: Bundle & { readonly event: JsonObject }): Promise<unknown>;
  executeBatch(
    action: string,
    bundle: Bundle & { readonly events: readonly JsonObject[] },
  ): Promise<readonly (BatchStatus | undefined)[]>;
  refreshAccessToken(settings: object, oauth: OAuth): Promise<NewTokens | undefined>;
}

/** A query of the library, parsed. */
export type Query = object;

/** The destination's module, as `lib/catalogue.ts` makes it. */
export interface Catalogue {
  readonly destination: LibraryDestination;
  readonly parseFql: (text: string) => Query;
  readonly validate: (query: Query, event: JsonObject) => boolean;
}
