import { afterEach, describe, expect, it } from '@jest/globals';
import { stripVTControlCharacters } from 'node:util';
import { startListener } from '../../cli/listen.ts';
import type { Listening } from '../../local/common/http.ts';
import { UsageError } from '../../local/common/settings.ts';

let listener: Listening | undefined;
afterEach(() => listener?.close());

/** @returns the printed lines, a growing list */
const start = async (options: { status?: number; json?: boolean } = {}) => {
  const lines: string[] = [];
  listener = await startListener({
    port: 0,
    status: options.status ?? 200,
    json: options.json ?? false,
    print: (line) => lines.push(stripVTControlCharacters(line)),
  });
  const { url, port } = listener;
  const post = async (body: unknown) =>
    (await fetch(url, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }))
      .status;
  return { lines, post, port };
};

describe('sluice listen', () => {
  it('prints a line for each event: type, user, name, id', async () => {
    const { lines, post } = await start();
    expect(await post({ type: 'track', userId: 'ada', event: 'Hello', messageId: 'm1' })).toBe(200);
    expect(await post([{ type: 'page', anonymousId: 'anon', name: 'Home' }, { type: 'identify' }])).toBe(200);
    expect(lines).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3} {2}track\s+ada\s+Hello\s+m1$/),
      expect.stringMatching(/page\s+anon\s+Home/),
      expect.stringMatching(/identify/),
    ]);
  });

  it('--json prints the events as received', async () => {
    const { lines, post } = await start({ json: true });
    const events = [
      { userId: 'ada', n: 1 },
      { userId: 'ada', n: 2 },
    ];
    await post(events);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(events);
  });

  it('answers with the given status', async () => {
    const { lines, post } = await start({ status: 503 });
    expect(await post({ userId: 'ada' })).toBe(503);
    expect(lines).toHaveLength(1);
  });

  it('gives out a token to who asks for one, whatever it answers to events', async () => {
    const { lines, port } = await start({ status: 401 });
    const body = new URLSearchParams({ grant_type: 'client_credentials' });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await fetch(`http://127.0.0.1:${port}/token`, { method: 'POST', headers, body });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      access_token: 'local-token',
      token_type: 'Bearer',
      expires_in: 3600,
    });
    expect(lines).toEqual([]);
  });

  it('shows input that is not an event, and continues', async () => {
    const { lines, post } = await start();
    expect(await post('not json')).toBe(200);
    expect(await post('null')).toBe(200);
    await post({ userId: 'ada' });
    expect(lines).toEqual(['not JSON: not json', 'not an event: null', expect.stringContaining('ada')]);
  });

  it('prints one line if the port is in use', async () => {
    const { port } = await start();
    await expect(startListener({ port, status: 200, json: false, print: () => undefined })).rejects.toThrow(
      UsageError,
    );
  });
});
