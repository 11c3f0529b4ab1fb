/** Each check against a pipeline in memory: a healthy one passes, and with one thing broken the right check says so. */
import { describe, expect, it } from '@jest/globals';
import { CHECKS } from '../../../cli/verify/checks.ts';
import { isDrill, isPassed, NOT_IN_A_DRILL, runChecks, type CheckResult } from '../../../cli/verify/run.ts';
import { FakePipeline } from './fake-pipeline.ts';
import type { Plant } from './plant.ts';

const verify = async (pipeline: FakePipeline, skip: readonly number[] = []) => {
  const seen: CheckResult[] = [];
  const onResult = (result: CheckResult): void => {
    seen.push(result);
  };
  const results = await runChecks(pipeline.world(), { checks: CHECKS, skip, onResult });
  expect(seen).toEqual(results);
  return results;
};

const failures = (results: readonly CheckResult[]): Readonly<Record<number, string>> =>
  Object.fromEntries(
    results.flatMap(({ number, outcome }) => (outcome.kind === 'failed' ? [[number, outcome.why]] : [])),
  );

const kinds = (results: readonly CheckResult[]): readonly string[] =>
  results.map(({ number, outcome }) => `${number} ${outcome.kind}`);

/** What is broken, the check that says so first, and what it says. */
const PLANTS: readonly (readonly [Plant, number, RegExp])[] = [
  ['no canary', 1, /no canary/],
  ['the canary is held', 1, /canary is held/],
  ['the router is degraded', 1, /router is degraded/],
  ['dead letters', 1, /2 messages in its dead-letter queue/],
  ['an old stage is stuck', 1, /has left 1 parked keys/],
  ['wrong write key', 2, /gzip: expected 200, got 401/],
  ['no CORS', 2, /CORS preflight/],
  ['health is broken', 2, /health: expected 200/],
  ['unknown keys are taken', 2, /unknown key: expected 401, got 200/],
  ['a large body is a 502', 2, /body of 10.6 MB: expected 413, got 502/],
  ['a large body has no answer', 2, /body of 10.6 MB: expected 413, got no answer \(write EPIPE\)/],
  ['gzip is not read', 2, /gzip: expected 200, got 400/],
  ['old TLS', 2, /TLSv1.1/],
  ['pixels are lost', 2, /not delivered: .*pixel/],
  ['a repetition is delivered', 3, /delivered twice: .*twice:0/],
  ['an event is lost', 4, /not delivered: .*user3:7/],
  ['order is broken', 4, /after a later event/],
  ['once is broken', 4, /more than once: .*user3:7/],
  ['poison is not parked', 5, /delivered while the canary fails/],
  ['followers are not parked', 5, /delivered while the canary fails/],
  ['others wait for poison', 5, /other users waited/],
  ['poison makes it degraded', 5, /made the canary degraded/],
  ['parked events are not drained', 5, /not drained/],
  ['a drain is out of order', 5, /drained out of order/],
  ['never degraded', 6, /fails for everybody and is normal/],
  ['the mapping stays on', 6, /is Enabled, not Disabled/],
  ['ingest refuses while degraded', 6, /answered 503/],
  ['it leaks while degraded', 6, /delivered while the stage was degraded/],
  ['no page', 6, /not delivered to the alarm topic/],
  ['a late page', 6, /the page came after 90 s/],
  ['never normal', 6, /is recovering/],
  ['a recovery loses an event', 6, /not delivered after the recovery/],
  ['a recovery is out of order', 6, /out of order after the recovery/],
  ['a deployment fails', 7, /could not be made: cdk deploy ended with code 1/],
  ['a deployment is not passed on', 7, /did not change the concurrency of the canary, which is 2/],
  ['a deployment ends degraded mode', 7, /made the degraded canary recovering/],
  ['a deployment switches the mapping on', 7, /after a deployment the event source mapping.* is Enabled/],
  ['a deployment leaks', 7, /delivered after a deployment, while/],
  ['the second deployment changes nothing', 7, /after the second deployment.* a concurrency of 3/],
  ['the page is not resolved', 8, /not resolved/],
  ['the page comes twice', 8, /paged 2 times/],
  ['a permission is missing', 9, /dynamodb:PutItem/],
  ['a log says denied', 9, /sqs:SendMessage/],
  ['a subscription waits', 10, /email has not confirmed/],
  ['a removed queue is gone', 11, /has left: 0 messages and 1 parked users/],
  ['a removed destination is not listed', 11, /does not list what the removed canary has left/],
  ['a removal makes ingest refuse', 11, /answered 503 while the canary was removed/],
  ['a removed destination is not added', 11, /was not added again/],
  ['a hold does not outlive a removal', 11, /was held, and is not/],
  ['a removal loses what is parked', 11, /not delivered after it was added again: .*parked:2/],
  ['a former queue cannot be read', 11, /could not be made: the credentials lack the permission/],
  ['a former queue is not delivered', 11, /not delivered after it was added again: .*waiting0:0/],
  ['a removal loses order', 11, /out of order after it was added again/],
];

describe('a healthy pipeline', () => {
  it('passes all that is checked, and says what is not', async () => {
    const results = await verify(new FakePipeline());
    expect(failures(results)).toEqual({});
    expect(isPassed(results)).toBe(true);
    expect(kinds(results)).toEqual([
      '1 passed',
      '2 passed',
      '3 passed',
      '4 passed',
      '5 passed',
      '6 passed',
      '7 passed',
      '8 passed',
      '9 passed',
      '10 passed',
      '11 passed',
      '12 passed',
    ]);
  });

  it('has what the doctor did not check among what is not checked', async () => {
    const results = await verify(new FakePipeline());
    expect(results.find(({ number }) => number === 10)?.outcome).toMatchObject({
      figures: { fine: 2, wrong: 0 },
      notChecked: [
        'the role for logs: no permission',
        'a part',
        expect.stringContaining('npx sluice doctor'),
      ],
    });
  });

  it('is not deployed where nobody has said how, and the checks that take it say so', async () => {
    const world = { ...new FakePipeline().world(), deploy: undefined };
    const results = await runChecks(world, { checks: CHECKS, skip: [], onResult: () => undefined });
    expect(isPassed(results)).toBe(true);
    for (const number of [7, 11])
      expect(results[number - 1]?.outcome).toEqual({
        kind: 'not checked',
        why: expect.stringContaining('--deploy') as unknown,
      });
  });

  it('is not deployed while degraded where check 7 is skipped', async () => {
    const pipeline = new FakePipeline('a deployment fails');
    const results = await verify(pipeline, [7, 11]);
    expect(isPassed(results)).toBe(true);
    expect(pipeline.requests.filter(({ command }) => command === 'hold')).toEqual([]);
  });

  it('is left as it was: the canary takes everything, and nothing waits', async () => {
    const pipeline = new FakePipeline();
    await verify(pipeline);
    const orders = pipeline.requests.filter(({ command }) => command === 'canary-set');
    expect(orders.at(-1)).toMatchObject({ answer: 'take' });
    const { stages } = await pipeline.world().ask({ command: 'status' });
    expect(stages.find(({ id }) => id === 'canary')).toMatchObject({ mode: 'normal', parkedKeys: 0 });
  });

  it('that recovers still is given events of the canary until it is normal', async () => {
    const pipeline = new FakePipeline(undefined, 'recovering');
    const before = pipeline.now;
    const [first] = await verify(pipeline, [2, 3, 4, 5, 6, 11]);
    expect(first).toMatchObject({ number: 1, outcome: { kind: 'passed' } });
    expect(pipeline.now - before).toBeLessThan(60_000);
  });

  it('skips what is named, and what depends on it says so', async () => {
    const results = await verify(new FakePipeline(), [1, 2, 6]);
    expect(kinds(results).slice(0, 8)).toEqual([
      '1 passed',
      '2 not checked',
      '3 passed',
      '4 passed',
      '5 passed',
      '6 not checked',
      '7 not checked',
      '8 not checked',
    ]);
  });
});

describe('a drill', () => {
  it('counts without the data plane, and not without a page that was resolved', async () => {
    expect(isDrill(await verify(new FakePipeline(), NOT_IN_A_DRILL))).toBe(true);
    expect(isDrill(await verify(new FakePipeline(), [6]))).toBe(false);
    expect(isDrill(await verify(new FakePipeline('a log says denied')))).toBe(false);
  });
});

describe('one thing broken', () => {
  it.each(PLANTS)('%s: check %i', async (plant, number, why) => {
    const results = await verify(new FakePipeline(plant));
    expect(isPassed(results)).toBe(false);
    const found = failures(results);
    expect(Math.min(...Object.keys(found).map(Number))).toBe(number);
    expect(found[number]).toMatch(why);
  });

  it('in the preflight: no other check is made, and the canary is not touched', async () => {
    const pipeline = new FakePipeline('no canary');
    const results = await verify(pipeline);
    expect(
      kinds(results)
        .slice(1)
        .every((kind) => kind.endsWith('not checked')),
    ).toBe(true);
    expect(pipeline.requests).toEqual([{ command: 'canary' }]);
  });
});
