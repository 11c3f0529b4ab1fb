/** Requests of an SDK as they came over the wire, kept in `test/fixtures/sdk-requests`: one file for an SDK's version. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ROOT } from '../../local/common/settings.ts';
import type { Step } from './story.ts';

export interface Fixture {
  /** An npm package, or a repository's name. */
  readonly sdk: string;
  readonly version: string;
  /** `recorded`; or `read from <repository>@<commit>`: written by hand from its source, for what cannot run here. */
  readonly origin: string;
  readonly requests: readonly FixtureRequest[];
}

export interface FixtureRequest {
  /** How the SDK was set up. Each variant is a separate device. */
  readonly variant: string;
  readonly step: Step;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Body;
}

/** Text as it was sent; compressed bytes as they were sent; or text that the SDK would compress, where there are no bytes. */
export type Body = string | { readonly gzipBase64: string } | { readonly gzip: string };

export const DIRECTORY = join(ROOT, 'test', 'fixtures', 'sdk-requests');

/** Those of SDKs for servers: they tell of many users, and keep no device. */
export const SERVERS = join(ROOT, 'test', 'fixtures', 'server-sdk-requests');

export const bytesOf = (body: Body): Buffer => {
  if (typeof body === 'string') return Buffer.from(body);
  return 'gzip' in body ? gzipSync(body.gzip) : Buffer.from(body.gzipBase64, 'base64');
};

export const textOf = (body: Body): string => {
  if (typeof body === 'string') return body;
  return 'gzip' in body ? body.gzip : gunzipSync(Buffer.from(body.gzipBase64, 'base64')).toString();
};

export type SentEvent = Readonly<Record<string, unknown>> & { readonly messageId: string };

/** The events of a request's body, read without any of Sluice's code. */
export const eventsIn = (request: FixtureRequest): readonly SentEvent[] => {
  if (request.method !== 'POST' || request.body === undefined) return [];
  const parsed = JSON.parse(textOf(request.body)) as SentEvent | { readonly batch: readonly SentEvent[] };
  return 'batch' in parsed && Array.isArray(parsed.batch)
    ? (parsed.batch as readonly SentEvent[])
    : [parsed as SentEvent];
};

/** `@rudderstack/analytics-js` has a slash, which is not allowed in a file name. */
export const fixtureName = (sdk: string, version: string): string =>
  `${sdk.replace('@', '').replaceAll('/', '-')}@${version}.json`;

export const readFixtures = (directory = DIRECTORY): readonly Fixture[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => {
      const fixture = JSON.parse(readFileSync(join(directory, name), 'utf8')) as Fixture;
      const wanted = fixtureName(fixture.sdk, fixture.version);
      if (name !== wanted) throw new Error(`${name} is of ${wanted}`);
      return fixture;
    });
