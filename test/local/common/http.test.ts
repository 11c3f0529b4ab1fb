import { describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import { listen } from '../../../local/common/http.ts';
import { UsageError } from '../../../local/common/settings.ts';

const HOST = '127.0.0.1';

describe('listen', () => {
  it('takes a free port for 0, and gives it back when it is closed', async () => {
    const server = createServer((_, response) => response.end('hello'));
    const first = await listen(server, { host: HOST, port: 0 });
    const { url, port } = first;
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect(await (await fetch(url)).text()).toBe('hello');
    await first.close();
    const again = await listen(createServer(), { host: HOST, port });
    expect(again.port).toBe(port);
    await again.close();
  });

  it('closes while a client still waits for its answer', async () => {
    const server = createServer();
    const asked = new Promise((done) => server.once('request', done));
    const listening = await listen(server, { host: HOST, port: 0 });
    const failed = fetch(listening.url).catch((error: unknown) => String(error));
    await asked;
    await listening.close();
    expect(await failed).toBe('TypeError: fetch failed');
  });

  it.each<[string, object, string]>([
    [
      'says how to choose another port',
      { choose: 'set SLUICE_PORT' },
      '; stop what listens there, or set SLUICE_PORT to another',
    ],
    ['or says no more than it knows', {}, ''],
  ])('a port in use: %s', async (_, choose, fix) => {
    const first = await listen(createServer(), { host: HOST, port: 0 });
    await expect(listen(createServer(), { host: HOST, port: first.port, ...choose })).rejects.toThrow(
      new UsageError(`port ${first.port} is in use${fix}`),
    );
    await first.close();
  });
});
