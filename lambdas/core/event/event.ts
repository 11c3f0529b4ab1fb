/** Events as Sluice carries them: RudderStack's JSON; it reads only what it must. */
import { ExactNumber } from '../base/exact-json.ts';

export type Json = string | number | boolean | null | ExactNumber | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** An event that ingest has stamped: it has a `messageId`, and it names its user. */
export interface SluiceEvent extends JsonObject {
  readonly messageId: string;
}

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
