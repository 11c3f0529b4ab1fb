/** Check 2: the data plane answers as SDKs need it. */
import { gzipSync } from 'node:zlib';
import { canaryMessageId } from '../../../contract/canary.ts';
import { messageOf } from '../../failure.ts';
import { failed, passed, some, type Outcome } from '../outcome.ts';
import { arrivalsOf, basic, eventOf, judgeArrivals, LOST } from '../traffic.ts';
import type { Answer, Check, World } from '../world.ts';

export interface Probe {
  readonly name: string;
  readonly got: string;
  readonly isRight: boolean;
  readonly expected: string;
}

/** Bytes: over what ingest takes, over what API Gateway hands to a function, and over what it reads. */
const TOO_LARGE = [4_500_000, 7_000_000, 9_900_000, 10_600_000];

/** Pure. @param missing events that were accepted and did not arrive @param tls undefined: there is none */
export const judgeFrontDoor = (
  probes: readonly Probe[],
  missing: readonly string[],
  tls: string | undefined,
): Outcome => {
  const figures = {
    ...Object.fromEntries(probes.map(({ name, got }) => [name, got])),
    ...(tls === undefined ? {} : { tls }),
  };
  const wrong = probes.filter(({ isRight }) => !isRight);
  if (wrong.length > 0)
    return failed(
      wrong.map(({ name, got, expected }) => `${name}: expected ${expected}, got ${got}`).join('; '),
      'compare docs/http-api.md; a proxy, a WAF or a custom domain before the API may answer in its place',
      figures,
    );
  if (missing.length > 0) return failed(`accepted, and not delivered: ${some(missing)}`, LOST, figures);
  if (tls !== undefined && !['TLSv1.2', 'TLSv1.3'].includes(tls))
    return failed(`the data plane speaks ${tls}`, "raise the domain's security policy to TLS 1.2", figures);
  return passed(figures, tls === undefined ? ['TLS: the data plane has a plain http address'] : []);
};

const statusProbe = (name: string, { status }: Answer, expected: number): Probe => ({
  name,
  got: String(status),
  isRight: status === expected,
  expected: String(expected),
});

const holds = (name: string, { status, body }: Answer, expected: RegExp): Probe => ({
  name,
  got: status === 200 && expected.test(body) ? '200' : `${status} ${body.slice(0, 60)}`,
  isRight: status === 200 && expected.test(body),
  expected: `200 with ${expected.source}`,
});

const cors = ({ status, headers }: Answer, origin: string): Probe => {
  const allowed = headers['access-control-allow-origin'] ?? '';
  const names = (headers['access-control-allow-headers'] ?? '').toLowerCase();
  const isRight =
    status >= 200 && status < 300 && [origin, '*'].includes(allowed) && names.includes('authorization');
  return {
    name: 'CORS preflight',
    got: isRight ? String(status) : `${status}, origin "${allowed}", headers "${names.slice(0, 60)}"`,
    isRight,
    expected: '2xx that allows the origin and Authorization',
  };
};

const ORIGIN = 'https://sluice-verify.example';

/** Requests that bring an event, each in another way. */
const deliver = async ({ request, run }: World, writeKey: string) => {
  const events = ['gzip', 'beacon', 'pixel'].map((user) => ({ run: `${run}c2`, user, seq: 0 }));
  const [gzip, beacon, pixel] = events;
  if (gzip === undefined || beacon === undefined || pixel === undefined) throw new Error('unreachable');
  const json = { 'content-type': 'application/json' };
  const authorization = basic(writeKey);
  const key = encodeURIComponent(writeKey);
  const { userId, event } = eventOf(pixel);
  const query = new URLSearchParams({ writeKey, userId, event, messageId: canaryMessageId(pixel) });
  const body = (one: typeof gzip) => JSON.stringify({ batch: [eventOf(one)] });
  const probes = [
    statusProbe(
      'gzip',
      await request({
        method: 'POST',
        path: '/v1/batch',
        headers: { ...json, authorization, 'content-encoding': 'gzip' },
        body: Uint8Array.from(gzipSync(body(gzip))),
      }),
      200,
    ),
    statusProbe(
      'beacon',
      await request({ method: 'POST', path: `/beacon/v1/batch?writeKey=${key}`, body: body(beacon) }),
      200,
    ),
    statusProbe('pixel', await request({ method: 'GET', path: `/pixel/v1/track?${query.toString()}` }), 200),
  ];
  return { events, probes };
};

const refuse = async ({ request }: World, writeKey: string): Promise<readonly Probe[]> => {
  const post = (key: string, body: string | Uint8Array<ArrayBuffer>) =>
    request({
      method: 'POST',
      path: '/v1/batch',
      headers: { 'content-type': 'application/json', authorization: basic(key) },
      body,
    });
  const probes = [statusProbe('unknown key', await post('sluice-verify-unknown-key', '{"batch":[]}'), 401)];
  for (const size of TOO_LARGE) {
    const name = `body of ${size / 1_000_000} MB`;
    const answer = await post(writeKey, new Uint8Array(size).fill(120)).catch(messageOf);
    // A server may end the connection before it has read the body; a client then has no answer, and sends all of it again.
    probes.push(
      typeof answer === 'string'
        ? { name, got: `no answer (${answer})`, isRight: false, expected: '413' }
        : statusProbe(name, answer, 413),
    );
  }
  return probes;
};

export const frontDoor: Check = {
  number: 2,
  title: 'the data plane',
  run: async (world, { writeKey }) => {
    const get = (path: string) => world.request({ method: 'GET', path });
    const preflight = await world.request({
      method: 'OPTIONS',
      path: '/v1/batch',
      headers: {
        origin: ORIGIN,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    const { events, probes } = await deliver(world, writeKey);
    const all = [
      holds('health', await get('/health'), /"acceptingEvents":\s*"TRUE"/),
      holds('version', await get('/version'), /"Version":/),
      cors(preflight, ORIGIN),
      ...probes,
      ...(await refuse(world, writeKey)),
    ];
    const accepted = events.filter((_, i) => probes[i]?.isRight === true);
    const { value } = await arrivalsOf(world, `${world.run}c2`, accepted);
    const tls = world.dataPlaneUrl.startsWith('https:') ? await world.tlsVersion() : undefined;
    return judgeFrontDoor(all, judgeArrivals(accepted, value).missing, tls);
  },
};
