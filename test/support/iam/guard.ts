/** Judges the calls of a local run's functions by the template that it runs. */
import { appendFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { readAssembly } from '../../../local/template/assembly.ts';
import { accesses, type Call, type Facts } from './calls.ts';
import { factsOf } from './facts.ts';
import { allows } from './policy.ts';
import { readRoles, type Roles } from './roles.ts';

export interface Request {
  readonly functionName: string;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Files in the data directory. */
export const DENIED = 'denied-calls.jsonl';
export const CALLS = 'calls.jsonl';

const SERVICES: Readonly<Record<string, string>> = {
  DynamoDB_20120810: 'dynamodb',
  AmazonSQS: 'sqs',
  secretsmanager: 'secretsmanager',
  Kinesis_20131202: 'kinesis',
  Firehose_20150804: 'firehose',
  AWSEvents: 'events',
  GraniteServiceVersion20100801: 'cloudwatch',
};

const MAPPING = /^\/2015-03-31\/event-source-mappings\/([^/?]+)/;
const INVOKE = /^\/2015-03-31\/functions\/([^/?]+)\/invocations/;

/** With the bucket in the path. */
const readS3 = (method: string, url: string): Call => {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const [, Bucket = '', Key = ''] = /^\/([^/]+)\/?(.*)$/.exec(decodeURIComponent(pathname)) ?? [];
  if (method === 'PUT') return { service: 's3', operation: 'PutObject', input: { Bucket, Key } };
  if (Key !== '') return { service: 's3', operation: 'GetObject', input: { Bucket, Key } };
  const Prefix = searchParams.get('prefix') ?? '';
  return { service: 's3', operation: 'ListObjectsV2', input: { Bucket, Prefix } };
};

const readCall = ({ method, url, headers, body: sent }: Request): Call => {
  const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent).toString();
  const target = headers['x-amz-target'];
  if (typeof target === 'string') {
    const [prefix = '', operation = ''] = target.split('.');
    return {
      service: SERVICES[prefix] ?? prefix,
      operation,
      input: JSON.parse(text) as Record<string, unknown>,
    };
  }
  if ((headers.authorization ?? '').includes('/s3/aws4_request')) return readS3(method, url);
  const [, name] = INVOKE.exec(url) ?? [];
  if (name !== undefined) {
    const Qualifier = new URL(url, 'http://localhost').searchParams.get('Qualifier');
    return {
      service: 'lambda',
      operation: 'Invoke',
      input: { FunctionName: decodeURIComponent(name), ...(Qualifier === null ? {} : { Qualifier }) },
    };
  }
  const [, id] = MAPPING.exec(url) ?? [];
  if (id !== undefined) {
    const operation = method === 'GET' ? 'GetEventSourceMapping' : 'UpdateEventSourceMapping';
    const input = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { service: 'lambda', operation, input: { ...input, UUID: id } };
  }
  const form = Object.fromEntries(new URLSearchParams(text));
  return { service: 'sns', operation: String(form['Action']), input: form };
};

export class Guard {
  readonly #dataDir: string;
  #roles: Roles | undefined;
  /** Of earlier deployments: a queue that is gone from the template stays in the account, with its tags. */
  readonly #former: Roles[] = [];
  readonly #seen = new Set<string>();

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** @returns what is missing; undefined: the call is allowed */
  async denied(request: Request): Promise<string | undefined> {
    const { functionName } = request;
    const call = readCall(request);
    await this.#note(functionName, call);
    // A deployment may have changed the template since.
    if (this.#roles !== undefined && this.#isAllowed(this.#roles, functionName, call)) return undefined;
    if (this.#roles !== undefined) this.#former.unshift(this.#roles);
    this.#roles = await this.#readRoles();
    const missing = this.#judge(this.#roles, functionName, call);
    if (missing === undefined) return undefined;
    const text = `${functionName} is not allowed ${JSON.stringify(missing)}`;
    await appendFile(join(this.#dataDir, DENIED), `${text}\n`);
    return text;
  }

  /** In the middle of a deployment the assembly is not complete. */
  async #readRoles(): Promise<Roles> {
    for (let tries = 1; ; tries += 1) {
      try {
        return readRoles(await readAssembly(join(this.#dataDir, 'cdk.out')));
      } catch (error) {
        if (tries >= 50) throw error;
        await sleep(100);
      }
    }
  }

  /** False also when this template does not know what the call names. */
  #isAllowed(roles: Roles, functionName: string, call: Call): boolean {
    try {
      return this.#judge(roles, functionName, call) === undefined;
    } catch {
      return false;
    }
  }

  #judge(roles: Roles, functionName: string, call: Call): object | undefined {
    const statements = roles.functions.get(functionName);
    // The function of a removed stage finishes what it has in hand.
    if (statements === undefined) return undefined;
    return accesses(call, this.#factsOf(roles)).find((access) => !allows(statements, access));
  }

  #factsOf(roles: Roles): Facts {
    const all = [roles, ...this.#former].map(factsOf);
    const tagsOf: Facts['tagsOf'] = (queueName) =>
      all.map((facts) => facts.tagsOf(queueName)).find((tags) => Object.keys(tags).length > 0) ?? {};
    return { ...factsOf(roles), tagsOf };
  }

  /** Each operation of each function, once. */
  async #note(functionName: string, { service, operation }: Call): Promise<void> {
    const line = JSON.stringify({ functionName, call: `${service}:${operation}` });
    if (this.#seen.has(line)) return;
    this.#seen.add(line);
    await appendFile(join(this.#dataDir, CALLS), `${line}\n`);
  }
}
