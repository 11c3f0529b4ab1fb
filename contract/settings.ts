/**
 * The configuration as functions get it: every default filled in, lengths of time in milliseconds. `config/schema.ts` explains each key.
 */

/** A secret is named, never written. */
export interface SecretName {
  readonly secretName: string;
}

/** A network that is not the public one: RFC 1918 and 4193; this machine; link-local. */
export type NetworkName = 'private' | 'loopback' | 'linkLocal';

/** Which id is a source's order key; `auto`: by the event's `channel`. */
export type OrderBy = 'anonymousId' | 'userId' | 'auto';

/** What one process of ingest takes of a source. */
export interface RateLimitSettings {
  readonly eventsPerSecond: number;
  /** Events that may come at the same time, after a pause. */
  readonly burst: number;
}

export interface SourceSettings {
  readonly id: string;
  readonly enabled: boolean;
  readonly orderBy: OrderBy;
  readonly writeKeys: readonly string[];
  /** Absent: none. */
  readonly rateLimit?: RateLimitSettings | undefined;
  /** Of addresses nothing is stored that tells one line from its neighbours. Absent: they are stored whole. */
  readonly anonymizeIp?: boolean | undefined;
}

/** What a filter compares with. */
export type FilterValue = string | number | boolean | null;

/** Conditions on one value of an event; all of them must hold. */
export interface FilterConditions {
  readonly $eq?: FilterValue;
  readonly $ne?: FilterValue;
  readonly $in?: readonly FilterValue[];
  readonly $nin?: readonly FilterValue[];
  readonly $gt?: string | number;
  readonly $gte?: string | number;
  readonly $lt?: string | number;
  readonly $lte?: string | number;
  readonly $exists?: boolean;
  readonly $not?: FilterConditions;
}

export type FilterOperand = FilterValue | FilterConditions | readonly Filter[];

/**
 * A condition for each path, such as `properties.total`, all of which must hold; `$and`, `$or` and `$nor` have lists of filters. A part of
 * MongoDB's query language: no operator runs code or a regular expression.
 */
export type Filter = Readonly<Record<string, FilterOperand>>;

/** The consents that a destination needs of a user whose choices `provider` records. */
export interface ConsentSettings {
  /** As events have it in `context.consentManagement.provider`. */
  readonly provider: string;
  /** Ids of consents. */
  readonly consents: readonly string[];
  /** Whether all of them are needed, or one of them. Of provider `custom` alone: events say it for the others. */
  readonly resolutionStrategy?: 'and' | 'or' | undefined;
}

/** Which events a destination gets, of those of its sources. */
export interface RoutingSettings {
  /** A further name, besides its id, that an event's `integrations` has for it. */
  readonly integration?: string | undefined;
  readonly consentManagement?: readonly ConsentSettings[] | undefined;
  readonly filter?: Filter | undefined;
}

/** What of an event leaves for a destination as a hash, or not at all: paths of fields, with dots between the names. */
export interface PiiSettings {
  readonly hash: readonly string[];
  readonly drop: readonly string[];
  /** The key of the hashes. Present where there are any. */
  readonly secret?: SecretName | undefined;
}

/** What every kind of destination has. */
interface AnyDestination {
  readonly id: string;
  /** Ids of the sources it takes. Absent: all. */
  readonly sources?: readonly string[] | undefined;
  readonly maxConcurrency: number;
  readonly enabled: boolean;
}

/** OAuth 2 by client credentials. */
export interface OAuthSettings {
  readonly type: 'oauth2';
  readonly tokenUrl: string;
  readonly clientId: string | SecretName;
  readonly clientSecret: SecretName;
  /** Where the token endpoint expects the client's id and secret. */
  readonly clientAuth: 'header' | 'body';
  readonly scope?: string | undefined;
  readonly audience?: string | undefined;
}

export interface WebhookSettings extends AnyDestination {
  readonly type: 'webhook';
  /** Absent: POST. */
  readonly method?: 'POST' | 'PUT' | 'PATCH';
  /** It may have places for values of the event (`contract/url-template.ts`). The secret holds the whole URL, which has none. */
  readonly url: string | SecretName;
  readonly headers: Readonly<Record<string, string | SecretName>>;
  /** Absent: `headers` have what authorizes a request. */
  readonly auth?: OAuthSettings | undefined;
  /** The client's certificate and its key, as PEM. */
  readonly tls?: { readonly certificate: SecretName; readonly key: SecretName } | undefined;
  /** Events of one request, at most. */
  readonly batch: number;
  /** They may be of several users. Absent: of one. */
  readonly shareBatches?: boolean;
  readonly signingSecret?: SecretName | undefined;
  /** The networks besides the public one that it may send to; `true`: private addresses. */
  readonly allowPrivateNetwork: boolean | readonly NetworkName[];
}

/** Which queue it is says the environment: a queue of the app around the pipeline has no name before it is deployed. */
export interface SqsSettings extends AnyDestination {
  readonly type: 'sqs';
  readonly fifo: boolean;
}

/** Which topic it is says the environment. */
export interface SnsSettings extends AnyDestination {
  readonly type: 'sns';
  readonly fifo: boolean;
}

/** Which stream it is says the environment. */
export interface KinesisSettings extends AnyDestination {
  readonly type: 'kinesis';
}

/** Which function it is says the environment. */
export interface LambdaSettings extends AnyDestination {
  readonly type: 'lambda';
  /** Events of one invocation, at most. */
  readonly batch: number;
}

/** Which bus it is says the environment. */
export interface EventBridgeSettings extends AnyDestination {
  readonly type: 'eventbridge';
  /** The field `source` of its events. */
  readonly source: string;
}

/** JSON, in which a secret is named wherever a text may stand. */
export type NamingJson =
  | string
  | number
  | boolean
  | null
  | SecretName
  | readonly NamingJson[]
  | { readonly [key: string]: NamingJson };

/** Which events an action takes, and what it makes of them. */
export interface SubscriptionSettings {
  readonly action: string;
  /** In Segment's filter query language. */
  readonly subscribe: string;
  readonly mapping: Readonly<Record<string, NamingJson>>;
}

/** The access of an account that was connected by OAuth. */
export interface ConnectionSettings {
  readonly accessToken?: SecretName | undefined;
  readonly refreshToken?: SecretName | undefined;
  readonly clientId?: string | SecretName | undefined;
  readonly clientSecret?: SecretName | undefined;
  readonly refreshTokenUrl?: string | undefined;
}

/** One of Segment's catalogue. Its code is a file of its own next to the function's (`BUNDLE_FILES`). */
export interface ActionsSettings extends AnyDestination {
  readonly type: 'actions';
  /** Its name in the catalogue. */
  readonly destination: string;
  readonly settings: Readonly<Record<string, string | number | boolean | SecretName>>;
  readonly oauth: ConnectionSettings;
  /** What the environment of its thread holds. */
  readonly env: Readonly<Record<string, string | SecretName>>;
  readonly subscriptions: readonly SubscriptionSettings[];
  /** Events of one request, at most, of an action that takes several. */
  readonly batch: number;
}

/** Which delivery stream it is says the environment. */
export interface FirehoseSettings extends AnyDestination {
  readonly type: 'firehose';
}

/** Which bucket it is says the environment. */
export interface S3Settings extends AnyDestination {
  readonly type: 's3';
  /** What the keys of all objects begin with. */
  readonly prefix: string;
  /** Events of an object, at most. */
  readonly batch: number;
}

/** Its receiver is the stage's own function (`contract/canary.ts`). Nobody configures it. */
export interface CanarySettings extends AnyDestination {
  readonly type: 'canary';
}

/** Which stream of Firehose it is says the environment. Nobody configures it as a destination. */
export interface ArchiveSettings extends AnyDestination {
  readonly type: 'archive';
}

/** What a configuration may name. */
export type NamedDestination =
  | WebhookSettings
  | SqsSettings
  | SnsSettings
  | KinesisSettings
  | LambdaSettings
  | EventBridgeSettings
  | FirehoseSettings
  | S3Settings
  | ActionsSettings;

export type DestinationSettings = NamedDestination | CanarySettings | ArchiveSettings;

export interface TimingSettings {
  readonly ingestDeadline: number;
  readonly routerTimeout: number;
  readonly routerVisibility: number;
  readonly deliverTimeout: number;
  readonly deliverVisibility: number;
  readonly requestTimeout: number;
  readonly minBackoff: number;
  readonly maxBackoff: number;
  readonly refusalDelay: number;
}

export interface DegradedModeSettings {
  readonly redriveThreshold: number;
  /** 0 to 1. */
  readonly redriveShare: number;
  readonly window: number;
  readonly crashes: number;
  readonly pause: number;
  readonly maxPause: number;
  readonly recoverAfter: number;
  readonly breakerFailures: number;
  readonly breakerTime: number;
  readonly stallAfter: number;
  readonly ownAfter: number;
  readonly parkAfter: number;
  readonly spillAfter: number;
  readonly spillBacklog: number;
  /** Not there: as many workers of a stage as functions of it may run. */
  readonly drainConcurrency?: number;
  readonly maxDrainBackoff: number;
}

export interface DeduplicationSettings {
  readonly window: number;
  readonly maxIds: number;
}
