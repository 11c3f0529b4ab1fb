import { describe, expect, test } from '@jest/globals';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { eventsOf, NOW, proxyEvent, setUp, WRITE_KEY } from './fakes.ts';

const IN_QUERY = `writeKey=${WRITE_KEY}`;

describe('pixels', () => {
  const pixel = async (query: string, type = 'track', more: Parameters<typeof setUp>[0] = {}) => {
    const { ingest, queue } = setUp(more);
    const answer = await ingest(proxyEvent({ method: 'GET', path: `/pixel/v1/${type}`, query, headers: {} }));
    return { answer, events: eventsOf(queue) };
  };
  const isGif = (body: string) => Buffer.from(body, 'base64').toString('latin1').startsWith('GIF89a');

  test('the query is the event, with fields of fields by dots', async () => {
    const query = `${IN_QUERY}&anonymousId="a1"&event=Opened&properties.mail.id=7&context.page.url=https%3A%2F%2Fx%2F&event=Late`;
    const { answer, events } = await pixel(query);
    expect(answer).toMatchObject({
      statusCode: 200,
      isBase64Encoded: true,
      headers: { 'Content-Type': 'image/gif', 'Cache-Control': 'no-store', 'X-Sluice-Answer': 'ok' },
    });
    expect(isGif(answer.body)).toBe(true);
    expect(events).toEqual([
      expect.objectContaining({
        type: 'track',
        channel: 'web',
        integrations: { All: true },
        anonymousId: 'a1',
        event: 'Opened',
        properties: { mail: { id: '7' } },
        context: { page: { url: 'https://x/' } },
        originalTimestamp: NOW,
        sentAt: NOW,
      }),
    ]);
    expect(JSON.stringify(events)).not.toContain(WRITE_KEY);
  });

  test('a page without a name has one; later fields count', async () => {
    const { events } = await pixel(`${IN_QUERY}&userId=u1&name=&type=x&a=1&a.b=2`, 'page');
    expect(events).toMatchObject([{ type: 'page', name: 'Unknown Page', a: { b: '2' } }]);
  });

  test('property names of JavaScript are ordinary field names', async () => {
    const { answer, events } = await pixel(
      `${IN_QUERY}&userId=u1&__proto__.x=1&constructor.prototype.y=2&..=3&.=4`,
    );
    expect(answer.statusCode).toBe(200);
    expect(Object.keys(events[0] ?? {})).toEqual(expect.arrayContaining(['__proto__', 'constructor', '']));
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    expect(({} as Record<string, unknown>)['y']).toBeUndefined();
  });

  test.each([
    ['userId=u1&event=x', 401, 'failed to read writekey from query params'],
    ['writeKey=unknown&userId=u1&event=x', 401, 'invalid write key'],
    ['writeKey=old-key&userId=u1&event=x', 404, 'source is disabled'],
    [`${IN_QUERY}&event=x`, 400, 'request neither has anonymousId nor userId'],
    [`${IN_QUERY}&userId=u1&event=`, 400, 'event is not a valid rudder event'],
    [`${IN_QUERY}&userId=u1&${'a.'.repeat(3000)}b=1`, 400, 'event is not a valid rudder event'],
  ])('%.60s: still an image, with the error in a header', async (query, status, text) => {
    const { answer, events } = await pixel(query);
    expect(answer).toMatchObject({ statusCode: status, headers: { 'X-Sluice-Answer': text } });
    expect(isGif(answer.body)).toBe(true);
    expect(events).toEqual([]);
  });

  test.each([
    ['SQS is down', { sender: { send: () => Promise.reject(new InfraFault('down')) }, deadline: 10 }],
    [
      'a bug of ours',
      {
        clock: () => {
          throw new Error('a bug');
        },
      },
    ],
  ])('%s: 503, with an image', async (_, more) => {
    const sleep = () => new Promise<void>((resolve) => setTimeout(resolve, 2));
    const { answer } = await pixel(`${IN_QUERY}&userId=u1&event=x`, 'track', { sleep, ...more });
    expect(answer).toMatchObject({
      statusCode: 503,
      headers: { 'Content-Type': 'image/gif', 'Retry-After': '20', 'X-Sluice-Answer': 'service unavailable' },
    });
    expect(isGif(answer.body)).toBe(true);
  });
});
