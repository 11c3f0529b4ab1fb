/** `transform`: its two forms, its limits, and its error messages. */
import { describe, expect, it } from '@jest/globals';
import { validateConfig, type PipelineConfig } from '../../config/index.ts';
import { minimal, mistakes } from './mistakes.ts';

type Written = PipelineConfig['transform'];
const withTransform = (transform: unknown, timing: object = {}): unknown => ({
  ...minimal,
  transform,
  timing,
});
const ofDestination = (transform: unknown, timing: object = {}): unknown => ({
  ...minimal,
  destinations: [{ ...minimal.destinations[0], transform }],
  timing,
});
/** Sets the pipeline's transform. */
const resolved = (transform: Written, timing: object = {}) =>
  validateConfig(withTransform(transform, timing)).transform;

const defaults = { file: './all.ts', timeout: 5_000, memory: 128, env: {}, secrets: {} };

describe('a transform', () => {
  it('may be left out', () => {
    const config = validateConfig(minimal);
    expect(config).not.toHaveProperty('transform');
    expect(config.destinations[0]).not.toHaveProperty('transform');
  });

  it.each<[string, Written]>([
    ['a path', './all.ts'],
    ['an object with a path', { file: './all.ts' }],
  ])('that is %s gets every default', (_, transform) => {
    expect(resolved(transform)).toEqual(defaults);
    expect(validateConfig(ofDestination(transform)).destinations[0]?.transform).toEqual(defaults);
  });

  it('may have limits, an environment and secrets', () => {
    const transform = {
      file: './all.ts',
      timeout: '250ms',
      memory: 16,
      env: { REGION: 'eu', _debug1: '' },
      secrets: { API_KEY: { secretName: 'crm/api-key' } },
    } as const;
    const expected = { ...transform, timeout: 250 };
    expect(resolved(transform)).toEqual(expected);
    expect(validateConfig(ofDestination(transform)).destinations[0]?.transform).toEqual(expected);
  });

  it.each([
    ['30s', 5_000],
    ['29s', 4_833],
    ['4s', 666],
    ['1s', 166],
  ])(
    "may take 5 seconds by default, or a sixth of its function's timeout: %s",
    (functionTimeout, expected) => {
      const timing = { requestTimeout: '100ms', routerTimeout: functionTimeout };
      expect(resolved('./all.ts', timing)?.timeout).toBe(expected);
      const deliver = { requestTimeout: '100ms', deliverTimeout: functionTimeout };
      const { destinations } = validateConfig(ofDestination('./crm.ts', deliver));
      expect(destinations[0]?.transform?.timeout).toBe(expected);
    },
  );

  it("may take up to a sixth of its function's timeout", () => {
    expect(resolved({ file: './all.ts', timeout: '5s' })?.timeout).toBe(5_000);
    const { destinations } = validateConfig(ofDestination({ file: './crm.ts', timeout: '10s' }));
    expect(destinations[0]?.transform?.timeout).toBe(10_000);
  });
});

describe('a mistake in a transform gives one line, with the path of the key', () => {
  const form = 'expected the path of a module, or { file: "./transform.ts", ... }';
  it.each<[string, unknown, string]>([
    ['a number', 3, `transform: ${form}`],
    ['null', null, `transform: ${form}`],
    ['an empty path', '', 'transform: is empty; expected the path of a module'],
    ['no path', {}, 'transform.file: is missing'],
    ['an empty path in an object', { file: '' }, 'transform.file: is empty; expected the path of a module'],
    [
      'an unknown key',
      { file: './a.ts', timout: '1s' },
      'transform.timout: unknown key; check its spelling, or remove it',
    ],
    [
      'a timeout that is too short',
      { file: './a.ts', timeout: '49ms' },
      'transform.timeout: "49ms" is out of range; use 50ms to 5m',
    ],
    [
      'a timeout that is too long',
      { file: './a.ts', timeout: '301s' },
      'transform.timeout: "301s" is out of range; use 50ms to 5m',
    ],
    ['too little memory', { file: './a.ts', memory: 15 }, 'transform.memory: 15 is too small; use 16 to 256'],
    ['too much memory', { file: './a.ts', memory: 257 }, 'transform.memory: 257 is too large; use 16 to 256'],
    [
      'memory in fractions',
      { file: './a.ts', memory: 64.5 },
      'transform.memory: 64.5 is not a whole number; use 16 to 256',
    ],
    [
      'an environment that is not an object',
      { file: './a.ts', env: 'REGION=eu' },
      'transform.env: expected an object: the values of environment variables by their names',
    ],
    [
      'a value that is not a string',
      { file: './a.ts', env: { LIMIT: 3 } },
      'transform.env.LIMIT: expected a string',
    ],
    [
      'an invalid name',
      { file: './a.ts', env: { 'my-region': 'eu' } },
      'transform.env.my-region: "my-region" is not a name; use letters, digits and _, no digit first',
    ],
    [
      'a name that every object has',
      { file: './a.ts', env: { constructor: 'x' } },
      'transform.env: "constructor" is a name that every object has; use another name',
    ],
    [
      'a secret given as its value',
      { file: './a.ts', secrets: { API_KEY: 'top-secret' } },
      'transform.secrets.API_KEY: expected an object',
    ],
    [
      'a secret without a name',
      { file: './a.ts', secrets: { API_KEY: { secretName: '' } } },
      'transform.secrets.API_KEY.secretName: is empty; expected the name of a secret in Secrets Manager',
    ],
    [
      'a secret under an invalid name',
      { file: './a.ts', secrets: { '1st': { secretName: 'first' } } },
      'transform.secrets.1st: "1st" is not a name; use letters, digits and _, no digit first',
    ],
    [
      'a name with two values',
      { file: './a.ts', env: { TOKEN: 'x' }, secrets: { TOKEN: { secretName: 'token' } } },
      'transform.secrets.TOKEN: the same name as transform.env.TOKEN; rename one of them',
    ],
  ])('%s', (_, transform, line) => {
    expect(mistakes(withTransform(transform))).toEqual([`sluice.config.ts: ${line}`]);
    expect(mistakes(ofDestination(transform))).toEqual([
      `sluice.config.ts: destinations[0].${line.replace('as transform.', 'as destinations[0].transform.')}`,
    ]);
  });

  it("a timeout of more than a sixth of the function's", () => {
    const transform = { file: './a.ts', timeout: '9s' };
    expect(mistakes(withTransform(transform, { routerTimeout: '29999ms' }))).toEqual([
      'sluice.config.ts: transform.timeout: must be at most 4.999 seconds, a sixth of timing.routerTimeout; ' +
        'shorten it, or raise timing.routerTimeout',
    ]);
    expect(mistakes(ofDestination(transform, { deliverTimeout: '20s' }))).toEqual([
      'sluice.config.ts: destinations[0].transform.timeout: must be at most 3.333 seconds, a sixth of timing.deliverTimeout; ' +
        'shorten it, or raise timing.deliverTimeout',
    ]);
  });
});
