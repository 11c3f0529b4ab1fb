/**
 * Types for the author of a transform. They describe RudderStack's events as its SDKs send them.
 *
 * Ingest checks an event's `messageId`, and sets the times, `request_ip` and `rudderId` where the sender left them out.
 * Everything else is what the sender sent, unchecked. The values that an application chooses (properties, traits) are typed as
 * any JSON: a transform that trusts them fails on the first user who has no name.
 */

export type JsonValue = string | number | boolean | null | JsonValue[] | JsonRecord;

/** An object of JSON. A key whose value is undefined is left out of the output. */
export interface JsonRecord {
  [key: string]: JsonValue | undefined;
}

/** SDKs leave a field out, or send null. */
type Maybe<T> = T | null | undefined;

type ReservedTrait =
  | 'address'
  | 'age'
  | 'avatar'
  | 'birthday'
  | 'company'
  | 'createdAt'
  | 'description'
  | 'email'
  | 'employees'
  | 'firstName'
  | 'gender'
  | 'id'
  | 'industry'
  | 'lastName'
  | 'name'
  | 'phone'
  | 'plan'
  | 'title'
  | 'username'
  | 'website';

/** The traits of users and groups that RudderStack's spec names, and any others. */
export type EventTraits = JsonRecord & Partial<Record<ReservedTrait, JsonValue | undefined>>;

/** Where an event happened, as the SDK found it. */
export interface EventContext extends JsonRecord {
  traits?: Maybe<EventTraits>;
  app?: Maybe<JsonRecord>;
  campaign?: Maybe<JsonRecord>;
  consentManagement?: Maybe<JsonRecord>;
  device?: Maybe<JsonRecord>;
  ip?: Maybe<string>;
  library?: Maybe<JsonRecord>;
  locale?: Maybe<string>;
  network?: Maybe<JsonRecord>;
  os?: Maybe<JsonRecord>;
  page?: Maybe<JsonRecord>;
  screen?: Maybe<JsonRecord>;
  sessionId?: Maybe<number | string>;
  timezone?: Maybe<string>;
  userAgent?: Maybe<string>;
}

/** An event as a transform returns it. Without a `messageId` it gets one from the event that the transform was given. */
export interface EventFields extends JsonRecord {
  messageId?: string | undefined;
  /** `identify`, `track`, `page`, `screen`, `group`, `alias`, `merge`, or what else the sender wrote. */
  type?: Maybe<string>;
  /** The name of a track event. */
  event?: Maybe<string>;
  /** The name of a page or a screen. */
  name?: Maybe<string>;
  category?: Maybe<string>;
  channel?: Maybe<string>;
  userId?: Maybe<string | number>;
  anonymousId?: Maybe<string | number>;
  groupId?: Maybe<string | number>;
  /** Of an alias event. */
  previousId?: Maybe<string | number>;
  properties?: Maybe<JsonRecord>;
  traits?: Maybe<EventTraits>;
  context?: Maybe<EventContext>;
  integrations?: Maybe<JsonRecord>;
  /** When it happened, by the clock of Sluice; ISO 8601. */
  timestamp?: Maybe<string>;
  /** When it happened, by the sender's clock. */
  originalTimestamp?: Maybe<string>;
  sentAt?: Maybe<string>;
  receivedAt?: Maybe<string>;
  request_ip?: Maybe<string>;
  /** RudderStack's id of the user. */
  rudderId?: Maybe<string>;
}

/** An event as a transform gets it: a copy, which the transform may change. */
export interface SluiceEvent extends EventFields {
  messageId: string;
}

/** What a transform knows besides the event. */
export interface TransformContext {
  /** Id of the source that the event came from. */
  readonly source: string;
  /** Id of the destination. Absent in the pipeline's transform. */
  readonly destination?: string;
  /** When Sluice accepted the event; ISO 8601. */
  readonly receivedAt: string;
  /** Values of the secrets that `transform.secrets` names, by the names it gives them. */
  readonly secrets: Readonly<Record<string, string>>;
  /**
   * Writes a structured line to the function's log, with the event's `messageId` as `eventId`.
   * @param fields values that JSON can hold; the line has them under `fields`
   */
  readonly log: (message: string, fields?: Record<string, unknown>) => void;
}

/** An event, several, or null: the event is filtered out. Several events are delivered in the order of the list. */
export type TransformResult = EventFields | readonly EventFields[] | null;

/** A transform: the default export of its module, or the export named `transform`. */
export type Transform = (
  event: SluiceEvent,
  context: TransformContext,
) => TransformResult | Promise<TransformResult>;
