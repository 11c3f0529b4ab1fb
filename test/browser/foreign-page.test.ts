/** A page of another site, and one whose name leads to this machine, ask each server of the local run: none lets them in. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { Browser } from 'puppeteer-core';
import { listen, type Listening } from '../../local/common/http.ts';
import type { RunFile } from '../../local/run/run-file.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { DEADLINE_MS } from '../../tools/driver/until.ts';
import { launchChromium } from '../support/chromium.ts';
import { startLocalRun } from '../support/local-run.ts';

/** A name that Chromium finds at this machine's own address, as after DNS rebinding. */
const REBOUND = 'rebound.example';
const WRITE_KEY = 'web-key';

let browser: Browser;
let site: Listening;
let run: LocalRun;
let file: RunFile;
/** By name: where it listens. */
let servers: Readonly<Record<'lambda' | 'sqs' | 'dynamodb' | 'console', string>>;

beforeAll(async () => {
  browser = await launchChromium([`--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`]);
  site = await listen(
    createServer((_, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>Another site</title><link rel="icon" href="data:,">');
    }),
    { host: '127.0.0.1', port: 0 },
  );
  run = await startLocalRun({
    config: { sources: [{ id: 'web', writeKey: WRITE_KEY }], destinations: [] },
    secrets: { 'crm/token': 'the-secret-value' },
  });
  file = JSON.parse(readFileSync(join(run.dataDir, 'run.json'), 'utf8')) as RunFile;
  const status = (await (await fetch(`${run.consoleUrl}/api/status`)).json()) as {
    endpoints: { sqs: string; dynamodb: string };
  };
  const { sqs, dynamodb } = status.endpoints;
  servers = { lambda: file.apiUrl, sqs, dynamodb, console: run.consoleUrl };
}, 3 * DEADLINE_MS);
afterAll(async () => {
  await browser.close();
  await site.close();
});

interface Call {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const hold = { command: 'hold', stage: 'router', reason: 'by a page of another site' };

/** What a page would like to do, with credentials that it has guessed. */
const wishes = (): readonly Call[] => {
  const aws = (target: string) => ({
    'x-amz-target': target,
    'content-type': 'application/x-amz-json-1.0',
    authorization:
      'AWS4-HMAC-SHA256 Credential=local/20260101/local/x/aws4_request, SignedHeaders=host, Signature=0',
  });
  const { lambda, sqs, dynamodb, console } = servers;
  return [
    {
      url: `${lambda}/2015-03-31/functions/${file.controlFunction}/invocations`,
      headers: {},
      body: JSON.stringify(hold),
    },
    { url: lambda, headers: aws('secretsmanager.GetSecretValue'), body: '{"SecretId":"crm/token"}' },
    { url: sqs, headers: aws('AmazonSQS.ListQueues'), body: '{}' },
    { url: dynamodb, headers: aws('DynamoDB_20120810.ListTables'), body: '{}' },
    {
      url: `${console}/api/control`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(hold),
    },
    { url: `${console}/api/status`, headers: {}, body: '' },
  ];
};

const LEAKS = /the-secret-value|QueueUrls|TableNames|controlFunction|"ok"/;

const isHeld = async (): Promise<boolean> => {
  const { stdout } = await run.sluice('status', '--json');
  return stdout.includes('by a page of another site');
};

it(
  'a page of another origin reads no answer, and what it sends without reading has no effect',
  async () => {
    const page = await browser.newPage();
    // The same machine by its other name: another site than every server of the run.
    await page.goto(site.url.replace('127.0.0.1', 'localhost'));
    const seen = await page.evaluate(async (calls) => {
      const read: string[] = [];
      for (const { url, headers, body } of calls) {
        const method = body === '' ? 'GET' : 'POST';
        const content = body === '' ? {} : { body };
        // With a preflight, without one, without reading, and as a beacon.
        for (const init of [
          { method, headers, ...content },
          { method, ...content },
          { method, mode: 'no-cors' as const, ...content },
        ]) {
          const text = await fetch(url, init).then(
            async (answer) => `${answer.type}: ${await answer.text()}`,
            () => 'failed',
          );
          read.push(text);
        }
        navigator.sendBeacon(url, body);
      }
      return read;
    }, wishes());
    // An opaque answer has no text.
    expect([...new Set(seen)].sort()).toEqual(['failed', 'opaque: ']);
    expect(await isHeld()).toBe(false);
    await page.close();
  },
  2 * DEADLINE_MS,
);

it(
  'a form, a script, an image and a frame of another origin get nothing either',
  async () => {
    const page = await browser.newPage();
    const bodies: string[] = [];
    page.on('response', (response) => {
      if (!response.url().startsWith(servers.console) || response.status() !== 200) {
        response.text().then(
          (text) => bodies.push(text),
          () => undefined,
        );
      }
    });
    await page.goto(site.url.replace('127.0.0.1', 'localhost'));
    await page.evaluate(async (calls) => {
      for (const [i, { url, body }] of calls.entries()) {
        const frame = Object.assign(document.createElement('iframe'), { name: `frame-${String(i)}` });
        const form = Object.assign(document.createElement('form'), {
          action: url,
          method: 'POST',
          enctype: 'text/plain',
          target: frame.name,
        });
        const field = Object.assign(document.createElement('input'), { name: body, value: '' });
        form.append(field);
        document.body.append(
          frame,
          form,
          Object.assign(document.createElement('script'), { src: url }),
          Object.assign(document.createElement('img'), { src: url }),
        );
        form.submit();
      }
      await new Promise((done) => setTimeout(done, 2_000));
    }, wishes());
    expect(bodies.join('\n')).not.toMatch(LEAKS);
    expect(await isHeld()).toBe(false);
    await page.close();
  },
  2 * DEADLINE_MS,
);

it(
  'a name that leads to this machine opens none of them, although the browser takes them for the same origin',
  async () => {
    for (const url of Object.values(servers)) {
      const page = await browser.newPage();
      const { port } = new URL(url);
      const shown = await page.goto(`http://${REBOUND}:${port}/`);
      expect([url, shown?.status()]).toEqual([url, 403]);
      const own = wishes().filter((wish) => wish.url.startsWith(url));
      const answers = await page.evaluate(
        async (calls) =>
          Promise.all(
            calls.map(async ({ path, headers, body }) => {
              const content = body === '' ? {} : { method: 'POST', body };
              const answer = await fetch(path, { headers, ...content });
              return `${String(answer.status)} ${await answer.text()}`;
            }),
          ),
        own.map((wish) => ({ ...wish, path: new URL(wish.url).pathname })),
      );
      for (const answer of answers) {
        expect(answer).toMatch(/^403 /);
        expect(answer).not.toMatch(LEAKS);
      }
      await page.close();
    }
    expect(await isHeld()).toBe(false);
  },
  2 * DEADLINE_MS,
);

it(
  'the data plane is open to every page and under every name: the write key lets an event in',
  async () => {
    const page = await browser.newPage();
    const { port } = new URL(run.dataPlaneUrl);
    for (const origin of [site.url.replace('127.0.0.1', 'localhost'), `http://${REBOUND}:${port}`]) {
      await page.goto(`${origin}/health`);
      for (const [key, status] of [
        [WRITE_KEY, 200],
        ['guessed', 401],
      ] as const) {
        const answered = await page.evaluate(
          async (url, authorization) =>
            (await fetch(url, { method: 'POST', headers: { authorization }, body: '{"userId":"ada"}' }))
              .status,
          `http://${REBOUND}:${port}/v1/track`,
          `Basic ${btoa(`${key}:`)}`,
        );
        expect([origin, key, answered]).toEqual([origin, key, status]);
      }
    }
    await page.close();
  },
  2 * DEADLINE_MS,
);
