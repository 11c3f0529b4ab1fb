/** `npx sluice explain` of sources with a tracking plan: what the router would make of an event that violates it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Explanation } from '../../cli/check/explain.ts';
import { withProperties } from '../support/plans.ts';
import { Cli, type Said } from './run-cli.ts';

const cli = new Cli();
const write = (name: string, content: unknown): void => {
  writeFileSync(join(cli.dir, name), typeof content === 'string' ? content : JSON.stringify(content));
};

const hook = (id: string, more: object = {}) => ({
  id,
  type: 'webhook',
  url: 'https://example.com/',
  ...more,
});
const source = (id: string, plan?: object) => ({
  id,
  writeKey: `${id}-key`,
  ...(plan && { plan: { file: './plan.json', ...plan } }),
});
const CONFIG = {
  sources: [
    source('free'),
    source('marks', { unplanned: 'violate' }),
    source('rejects', { onViolation: 'reject' }),
    source('parts', { onViolation: { only: ['lake'] } }),
  ],
  destinations: [
    hook('clean', { filter: { 'context.violationErrors': { $exists: false } } }),
    hook('lake', { sources: ['free', 'marks', 'rejects', 'parts'] }),
    hook('old', { enabled: false }),
  ],
  archive: {},
  transform: './all.ts',
};
/** Filters out what violates the plan and says so, crashes on a violation of another, and passes on the rest. */
const ALL = `
export default (event: { drops?: boolean; poison?: boolean; context?: { violationErrors?: unknown } }): unknown => {
  if (event.poison === true) throw new TypeError('no cure');
  return event.drops === true && event.context?.violationErrors !== undefined ? null : event;
};`;
const paid = (messageId: string, properties: object, more: object = {}) => ({
  messageId,
  type: 'track',
  event: 'Paid',
  userId: 'ada',
  properties,
  ...more,
});

const run = (...args: string[]): Promise<Said> =>
  cli.run(['explain', ...args], {
    env: { SLUICE_CONFIG: join(cli.dir, 'config.json'), SLUICE_CACHE_DIR: join(cli.dir, 'cache') },
  });
const explained = async (from: string): Promise<readonly Explanation[]> => {
  const { stdout } = await run('events.json', '--source', from, '--json');
  return (JSON.parse(stdout) as { events: readonly Explanation[] }).events;
};
const takers = ({ outputs }: Explanation): readonly string[] =>
  outputs.flatMap(({ decisions }) =>
    decisions.filter(({ gets }) => gets).map(({ destination }) => destination),
  );

beforeAll(() => {
  write('config.json', CONFIG);
  write('all.ts', ALL);
  write('plan.json', {
    id: 'shop',
    version: 3,
    events: [{ name: 'Paid', schema: withProperties({ total: { type: 'number' } }, 'total') }],
  });
  write('events.json', [
    paid('good', { total: 1 }),
    paid('text', { total: '1' }),
    paid('drops', {}, { drops: true }),
    paid('odd', { total: '1' }, { context: 'none' }),
    { ...paid('unplanned', {}), event: 'Refunded' },
    paid('wish', { total: '1' }, { integrations: { All: false } }),
  ]);
  write('text.json', paid('text', { total: '1', colour: 'red' }));
  write('poison.json', [paid('bad', { total: '1' }, { poison: true }), paid('good', { total: 1 })]);
});
afterAll(() => {
  cli.remove();
});

describe('an event that violates the plan of its source', () => {
  it('carries its violations to the transform and the filters, where it is marked', async () => {
    const events = await explained('marks');
    expect(events.map((one) => [one.eventId, one.plan?.outcome, takers(one)])).toEqual([
      ['good', undefined, ['clean', 'lake', 'archive']],
      ['text', 'mark', ['lake', 'archive']],
      ['drops', 'mark', []],
      ['odd', 'mark', ['clean', 'lake', 'archive']],
      ['unplanned', 'mark', ['lake', 'archive']],
      // What its sender wants counts for destinations; the archive keeps everything.
      ['wish', 'mark', ['archive']],
    ]);
    const [, text, , odd, unplanned] = events;
    expect(text?.plan).toEqual({
      outcome: 'mark',
      id: 'shop',
      version: 3,
      reason: 'tracking plan: /properties/total must be number',
      violations: [
        {
          type: 'Datatype-Mismatch',
          message: 'must be number',
          meta: {
            instancePath: '/properties/total',
            schemaPath: '#/properties/properties/properties/total/type',
          },
        },
      ],
    });
    expect(text?.outputs[0]?.event['context']).toMatchObject({ trackingPlanId: 'shop' });
    // Its context has no room for them.
    expect(odd?.plan).toMatchObject({ reason: expect.stringContaining('must be number'), violations: [] });
    expect(unplanned?.plan?.reason).toBe('tracking plan: no track "Refunded" is planned');
  });

  it('is given to nobody where it is rejected, and the events after it are as they were', async () => {
    const events = await explained('rejects');
    expect(events.map((one) => [one.eventId, one.plan?.outcome, takers(one)])).toEqual([
      ['good', undefined, ['clean', 'lake', 'archive']],
      ['text', 'reject', []],
      ['drops', 'reject', []],
      ['odd', 'reject', []],
      ['unplanned', undefined, ['clean', 'lake', 'archive']],
      ['wish', 'reject', []],
    ]);
    expect(events.map(({ outputs }) => outputs.length)).toEqual([1, 0, 0, 0, 1, 0]);
  });

  it('goes to the named destinations alone, if the other rules let it, and to the archive', async () => {
    const events = await explained('parts');
    expect(events.map((one) => [one.eventId, one.plan?.outcome, takers(one)])).toEqual([
      ['good', undefined, ['clean', 'lake', 'archive']],
      ['text', 'only', ['lake', 'archive']],
      ['drops', 'only', []],
      ['odd', 'only', ['lake', 'archive']],
      ['unplanned', undefined, ['clean', 'lake', 'archive']],
      ['wish', 'only', ['archive']],
    ]);
  });

  it('crashes the transform only if it gets there', async () => {
    const rejects = await run('poison.json', '--source', 'rejects');
    expect({ code: rejects.code, stderr: rejects.stderr }).toEqual({ code: 0, stderr: '' });
    const marks = await run('poison.json', '--source', 'marks');
    expect(marks.code).toBe(1);
    expect(marks.stdout).toContain("the pipeline's transform crashes: TypeError: no cure");
  });
});

describe('the page', () => {
  const page = async (from: string): Promise<string> => (await run('text.json', '--source', from)).stdout;

  it('lists what is wrong, and who gets the event anyway', async () => {
    expect(await page('marks')).toBe(
      [
        'text from the source marks',
        '  violates the tracking plan shop, version 3: it is marked (onViolation: mark)',
        '    Additional-Properties  /properties must NOT have additional properties : colour',
        '    Datatype-Mismatch      /properties/total must be number',
        '  after the transform',
        '    clean    does not get it (filter: its filter does not match)',
        '    lake     gets it',
        '    old      does not get it (enabled: it is switched off)',
        '    archive  gets it',
        '',
      ].join('\n'),
    );
  });

  it('says that nobody gets what is rejected', async () => {
    expect(await page('rejects')).toMatch(
      /version 3: it is rejected \(onViolation: reject\)\n {4}Additional-Properties .*\n.*\n {2}no transform or destination gets it\n$/,
    );
  });

  it('names the plan at the destinations that do not get it for that', async () => {
    expect(await page('parts')).toContain(
      'clean    does not get it (plan: what violates the tracking plan goes to lake alone)',
    );
  });

  it('has no word of a plan where the source has none', async () => {
    const { code, stdout, stderr } = await run('text.json', '--source', 'free');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('plan');
  });
});
