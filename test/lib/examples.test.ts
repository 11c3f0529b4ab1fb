/** The apps in `examples/`: each synthesizes without a word, and one event of each goes where its README says. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { explain, type Decision } from '../../cli/check/explain.ts';
import { pipelineIn } from '../../cli/check/pipeline.ts';
import type { CheckedEvent } from '../../contract/transform-check.ts';
import { runProcess, type Ended } from '../../local/common/subprocess.ts';
import { PROJECT, removeDirectories, temporaryDirectory } from './synth.ts';

type Resources = Readonly<Record<string, { Type: string; Properties: Record<string, unknown> }>>;

const NAMES = readdirSync(path.join(PROJECT, 'examples'))
  .filter((name) => !name.endsWith('.md'))
  .sort();
const made = new Map(NAMES.map((name) => [name, temporaryDirectory()]));
const outdir = (name: string): string => made.get(name) ?? name;

let ended: Ended;
beforeAll(async () => {
  const apps = NAMES.flatMap((name) => [path.join(PROJECT, 'examples', name, 'app.ts'), outdir(name)]);
  const { PATH = '', HOME = '' } = process.env;
  // Without an account: no credentials, no region.
  const env = { PATH, HOME, AWS_EC2_METADATA_DISABLED: 'true', NO_COLOR: '1', CDK_VALIDATION: 'false' };
  ended = await runProcess(process.execPath, ['--import', 'tsx', 'test/lib/synth-apps.mjs', ...apps], {
    cwd: PROJECT,
    env,
  });
});
afterAll(removeDirectories);

const textOf = (name: string, stack: string): string =>
  readFileSync(path.join(outdir(name), `${stack}.template.json`), 'utf8');
const ofType = (name: string, stack: string, type: string) =>
  Object.values((JSON.parse(textOf(name, stack)) as { Resources: Resources }).Resources).filter(
    ({ Type }) => Type === type,
  );

/** Which destinations get the example's own event, and what keeps it from the others. */
const fares = async (
  name: string,
  source: string,
  more: Partial<CheckedEvent> = {},
): Promise<Readonly<Record<string, string>>> => {
  const file = path.join(PROJECT, 'examples', name, 'event.json');
  const event = { ...(JSON.parse(readFileSync(file, 'utf8')) as CheckedEvent), ...more };
  const pipeline = await pipelineIn(outdir(name));
  const asked = { events: [event], source, receivedAt: '2026-11-27T10:00:00.000Z' };
  const [explanation] = await explain(pipeline, asked, () => {
    throw new Error('the router of an example has no transform');
  });
  const said = ({ destination, gets, reason }: Decision) => [destination, gets ? 'gets it' : reason];
  return Object.fromEntries(
    explanation?.outputs.flatMap(({ decisions }) => decisions.map((one) => said(one))) ?? [],
  ) as Readonly<Record<string, string>>;
};

it('all synthesize, without a warning', () => {
  expect(ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
});

it.each(NAMES)('%s says how it is synthesized, and has a page about itself', (name) => {
  const read = (file: string) => readFileSync(path.join(PROJECT, 'examples', name, file), 'utf8');
  const command = `npx tsx examples/${name}/app.ts`;
  expect(read('app.ts')).toContain(command);
  const page = read('README.md');
  expect(page).toContain(command);
  expect(page.split('\n').length).toBeLessThanOrEqual(60);
});

describe('cdk-app', () => {
  it('has the names that it is given', () => {
    expect(textOf('cdk-app', 'Shop')).toContain('shop-to-crm.fifo');
  });

  it('hands over its own queue and bus, and sends an order to both', async () => {
    const policies = JSON.stringify(ofType('cdk-app', 'Shop', 'AWS::IAM::Policy'));
    expect(policies).toMatch(/"Action":"sqs:SendMessage".{0,120}"Orders/);
    expect(policies).toMatch(/"Action":"events:PutEvents".{0,120}"Company/);
    expect(await fares('cdk-app', 'backend')).toEqual({
      crm: 'sources',
      warehouse: 'gets it',
      orders: 'gets it',
      company: 'gets it',
    });
    expect(await fares('cdk-app', 'web', { event: 'Ordered' })).toMatchObject({ orders: 'filter' });
  });
});

describe('webhook-archive', () => {
  it('archives for 400 days', () => {
    const [bucket] = ofType('webhook-archive', 'Archived', 'AWS::S3::Bucket');
    expect(JSON.stringify(bucket?.Properties['LifecycleConfiguration'])).toContain('"ExpirationInDays":400');
  });

  it('archives what its webhook does not get, too', async () => {
    expect(await fares('webhook-archive', 'web')).toEqual({ crm: 'gets it', archive: 'gets it' });
    expect(await fares('webhook-archive', 'web', { type: 'page' })).toEqual({
      crm: 'filter',
      archive: 'gets it',
    });
  });
});

describe('kinesis-athena', () => {
  it('may put records to its own stream', () => {
    const policies = JSON.stringify(ofType('kinesis-athena', 'Lake', 'AWS::IAM::Policy'));
    expect(policies).toMatch(/"Action":"kinesis:PutRecord".{0,120}"Clicks/);
  });

  it('has the columns that the query of its page names', () => {
    const [table] = ofType('kinesis-athena', 'Lake', 'AWS::Glue::Table');
    const { Name, PartitionKeys, StorageDescriptor } = (
      table?.Properties as {
        TableInput: {
          Name: string;
          PartitionKeys: { Name: string }[];
          StorageDescriptor: { Columns: { Name: string }[] };
        };
      }
    ).TableInput;
    const columns = [...PartitionKeys, ...StorageDescriptor.Columns].map((column) => column.Name);
    const page = readFileSync(path.join(PROJECT, 'examples/kinesis-athena/README.md'), 'utf8');
    const [, query = ''] = /```sql\n([^`]*)```/.exec(page) ?? [];
    expect(query).toContain(`FROM ${Name}`);
    const OWN = ['orders', 'revenue', 'total'];
    const named = query.replaceAll(/'[^']*'/g, '').match(/\b[a-z_]+\b/g) ?? [];
    const known = new Set([...columns, ...OWN, Name, 'json_extract_scalar', 'count', 'sum', 'double']);
    expect(named.filter((word) => !known.has(word))).toEqual([]);
    expect(named).toEqual(expect.arrayContaining(['date', 'event', 'messageid', 'type']));
  });

  it('sends what the site says to the stream, and archives all of it', async () => {
    expect(await fares('kinesis-athena', 'web')).toEqual({ clicks: 'gets it', archive: 'gets it' });
    expect(await fares('kinesis-athena', 'shop')).toEqual({ clicks: 'sources', archive: 'gets it' });
  });
});

describe('consent', () => {
  const denied = (provider: string, ...deniedConsentIds: string[]) => ({
    context: { consentManagement: { provider, deniedConsentIds } },
  });

  it('is asked of the users of the site and the app, and not of the back end', async () => {
    expect(await fares('consent', 'site')).toEqual({
      analytics: 'gets it',
      ads: 'consent',
      books: 'sources',
    });
    expect(await fares('consent', 'backend')).toEqual({
      analytics: 'sources',
      ads: 'sources',
      books: 'gets it',
    });
  });

  it.each([
    ['nothing denied', 'site', {}, ['gets it', 'gets it']],
    ['both denied on the site', 'site', denied('oneTrust', 'C0002', 'C0004'), ['consent', 'consent']],
    ['analytics denied in the app', 'app', denied('custom', 'analytics'), ['consent', 'gets it']],
    ['of a provider without an entry', 'site', denied('ketch', 'analytics'), ['gets it', 'gets it']],
  ])('%s', async (_, source, context, [analytics, ads]) => {
    expect(await fares('consent', source, { context: {}, ...context })).toMatchObject({ analytics, ads });
  });
});

it("product-analytics has services of Segment's catalogue, each with its own code alone", () => {
  const code = readdirSync(outdir('product-analytics'))
    .map((asset) => path.join(outdir('product-analytics'), asset, 'catalogue.mjs'))
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'));
  const hosts = ['amplitude.com', 'google-analytics.com', 'slack.com'];
  const found = code.map((text) => hosts.filter((host) => text.includes(host)));
  expect(found.flat().sort()).toEqual(hosts);
});

it.each([
  ['eu-west-1', 'PRIMARY'],
  ['eu-central-1', 'SECONDARY'],
])('two-regions has a health check of %s, which asks the region itself for /ready', (region, failover) => {
  const of = (type: string) => ofType('two-regions', `Events-${region}`, type);
  expect(of('AWS::Route53::RecordSet')).toMatchObject([{ Properties: { Failover: failover } }]);
  const [check] = of('AWS::Route53::HealthCheck');
  const text = JSON.stringify(check?.Properties);
  expect(text).toContain('/ready');
  expect(text).toContain(`.execute-api.${region}.`);
});
