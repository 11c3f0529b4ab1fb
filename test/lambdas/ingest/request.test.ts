import { describe, expect, test } from '@jest/globals';
import { basicAuthUser, parseRequest, type ProxyEvent } from '../../../lambdas/ingest/request.ts';
import { basic } from './fakes.ts';

const event = (more: Partial<ProxyEvent>): ProxyEvent => ({ httpMethod: 'POST', path: '/v1/track', ...more });

describe('parseRequest', () => {
  test('finds headers whatever their case, in either form', () => {
    const headers = { AuthorizatioN: 'one' };
    expect(parseRequest(event({ headers })).headers.get('authorization')).toBe('one');
    const multiValueHeaders = { 'X-Forwarded-For': ['192.0.2.1', '192.0.2.2'] };
    expect(parseRequest(event({ multiValueHeaders })).headers.get('x-forwarded-for')).toBe('192.0.2.1');
  });

  test('finds all values of a query, in either form', () => {
    const both = {
      queryStringParameters: { a: '2', b: '3' },
      multiValueQueryStringParameters: { a: ['1', '2'] },
    };
    expect([...parseRequest(event(both)).query]).toEqual([
      ['a', ['1', '2']],
      ['b', ['3']],
    ]);
  });

  test('reads the bytes of a body, sent as base64 or as text', () => {
    const bytes = Buffer.from([0x1f, 0x8b, 0, 255]);
    const body = bytes.toString('base64');
    expect(parseRequest(event({ body, isBase64Encoded: true })).body).toEqual(bytes);
    expect(parseRequest(event({ body: '{"€":1}', isBase64Encoded: false })).body).toEqual(
      Buffer.from('{"€":1}'),
    );
  });

  test('takes an event in which everything optional is null', () => {
    const query = { queryStringParameters: null, multiValueQueryStringParameters: null };
    const nulls = { headers: null, multiValueHeaders: null, ...query, body: null, requestContext: null };
    expect(parseRequest(event(nulls))).toEqual({
      method: 'POST',
      path: '/v1/track',
      query: new Map(),
      headers: new Map(),
      body: Buffer.alloc(0),
      mangled: false,
      ip: '',
    });
  });

  test('sees that a gateway read gzip as text', () => {
    const body = Buffer.from([0x1f, 0x8b, 8, 0]).toString('utf8');
    expect(parseRequest(event({ body, isBase64Encoded: false })).mangled).toBe(true);
    expect(parseRequest(event({ body: '{}', isBase64Encoded: false })).mangled).toBe(false);
    // The same bytes, but this time it is the client that sent them.
    const sent = Buffer.from(body).toString('base64');
    expect(parseRequest(event({ body: sent, isBase64Encoded: true })).mangled).toBe(false);
  });

  test.each([
    ['/v1/batch', '/v1/batch'],
    ['//v1/batch', '/v1/batch'],
    ['/v1/batch/', '/v1/batch'],
    ['/', '/'],
    ['//', '/'],
  ])('the path %s is %s', (path, expected) => {
    expect(parseRequest(event({ path })).path).toBe(expected);
  });

  test.each([
    ['192.0.2.1, 198.51.100.2', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['unknown, 198.51.100.2', '203.0.113.7'],
    ['<script>', '203.0.113.7'],
    ['', '203.0.113.7'],
  ])('with X-Forwarded-For %j the client is %s', (hops, expected) => {
    const requestContext = { identity: { sourceIp: '203.0.113.7' } };
    expect(parseRequest(event({ headers: { 'X-Forwarded-For': hops }, requestContext })).ip).toBe(expected);
  });
});

describe('basicAuthUser', () => {
  test.each([
    [basic('key'), 'key'],
    [basic('key', 'pass:word'), 'key'],
    [basic('schlüssel'), 'schlüssel'],
    [`basic ${Buffer.from('key:').toString('base64')}`, 'key'],
    [undefined, undefined],
    ['', undefined],
    ['Basic', undefined],
    ['Basic ', undefined],
    ['Bearer abc', undefined],
    ['Basic !!!', undefined],
    [basic(''), undefined],
    [`Basic ${Buffer.from('no colon').toString('base64')}`, undefined],
  ])('%j: %j', (header, user) => {
    expect(basicAuthUser(header)).toBe(user);
  });
});
