/** What was published before the process was killed. */
import { describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../../tools/driver/until.ts';
import { ARN, bench, nothingPending, pending, publish, subscription, topic, useBench } from './test-bench.ts';

useBench();

describe('after a kill', () => {
  it('what was accepted is delivered, to those who have not got it', async () => {
    const slow = subscription({ arn: 'slow', protocol: 'lambda', endpoint: 'slow' });
    const quick = subscription({ arn: 'quick' });
    let release = (): void => undefined;
    bench.invoking = new Promise((resolve) => (release = resolve));
    await bench.sns.deploy([topic], [slow, quick]);
    await publish();
    await until('the quick one', () => bench.received.length === 1);
    const before = (): { pending: string[] } =>
      JSON.parse(readFileSync(join(bench.dataDir, 'sns', pending()[0] ?? ''), 'utf8')) as {
        pending: string[];
      };
    await until('its note', () => before().pending.length === 1);
    // The first service is left hanging, as a killed process would leave its files; a part of a write is there, too.
    const killed = bench.sns;
    writeFileSync(join(bench.dataDir, 'sns', 'half.json.123'), '{');
    bench.invoking = Promise.resolve();
    bench.sns = bench.newService();
    await bench.sns.deploy([topic], [slow, quick]);
    await nothingPending();
    expect(bench.invoked.map(([name]) => name)).toEqual(['slow', 'slow']);
    expect(bench.received).toHaveLength(1);
    release();
    await killed.close();
  });

  it('what was published before the first deployment waits for it', async () => {
    await bench.sns.deploy([topic], [subscription({})]);
    bench.answers = [undefined];
    await publish();
    await until('the request that hangs', () => bench.received.length === 1);
    await bench.sns.close();
    expect(pending()).toHaveLength(1);
    expect([bench.deadLetters, bench.trouble]).toEqual([[], []]);
    bench.sns = bench.newService();
    expect(bench.received).toHaveLength(1);
    await bench.sns.deploy([topic], [subscription({})]);
    await nothingPending();
    expect(bench.received).toHaveLength(2);
  });

  it('the same publication is not taken twice while it is pending', async () => {
    bench.answers = [undefined];
    await bench.sns.deploy([topic], [subscription({})]);
    const publication = { id: 'the-same', topicArn: ARN, message: 'x' };
    await bench.sns.publish(publication);
    await until('the request that hangs', () => bench.received.length === 1);
    await bench.sns.publish(publication);
    await bench.sns.close();
    expect([bench.received.length, pending()]).toEqual([1, ['the-same.json']]);
  });

  it('messages without a subscription any more are dropped, and reported', async () => {
    bench.answers = [undefined];
    await bench.sns.deploy([topic], [subscription({})]);
    await publish();
    await until('the request that hangs', () => bench.received.length === 1);
    await bench.sns.close();
    bench.sns = bench.newService();
    await bench.sns.deploy([topic], []);
    await nothingPending();
    expect(bench.trouble).toEqual([expect.stringContaining('is no longer subscribed')]);
  });
});
