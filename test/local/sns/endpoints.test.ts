import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveEndpoints } from '../../../local/sns/endpoints.ts';
import type { SubscriptionSpec } from '../../../local/sns/template.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'sluice-endpoints-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));
const file = join(dataDir, 'secrets.json');

const endpoint = async (text: string): Promise<string | undefined> => {
  const subscription: SubscriptionSpec = {
    arn: 'arn',
    topicArn: 'topic',
    protocol: 'https',
    endpoint: text,
    retries: 0,
    maxDelayMs: 0,
    deadLetterQueue: undefined,
  };
  return (await resolveEndpoints([subscription], dataDir))[0]?.endpoint;
};
const reference = '{{resolve:secretsmanager:pagerduty-integration-url:SecretString:::}}';

describe('an endpoint', () => {
  it('that is written out stays', async () => {
    expect(await endpoint('https://example.com/hook')).toBe('https://example.com/hook');
  });

  it('that is in a secret is read from secrets.json; it may be http here', async () => {
    writeFileSync(file, '{"pagerduty-integration-url":"http://127.0.0.1:9000/pager"}');
    expect(await endpoint(reference)).toBe('http://127.0.0.1:9000/pager');
  });

  it.each([
    ['{}', 'there is no secret pagerduty-integration-url.'],
    ['{"pagerduty-integration-url":"abc123"}', 'the secret pagerduty-integration-url is not an http(s) URL.'],
  ])('that cannot be resolved names the file to fix: %s', async (secrets, message) => {
    writeFileSync(file, secrets);
    const refused = endpoint(reference);
    await expect(refused).rejects.toMatchObject({ name: 'UsageError' });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(/alerts\.pagerDuty/);
    await expect(refused).rejects.toThrow(
      `into ${file}: { "pagerduty-integration-url": "http://127.0.0.1:9000/pager" }`,
    );
  });

  it('in a file that is not JSON names the file', async () => {
    writeFileSync(file, '{');
    await expect(endpoint(reference)).rejects.toThrow(`${file} is not JSON`);
  });
});
