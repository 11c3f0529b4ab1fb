/** Synthesis loads each transform once, and refuses one that does not load. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { EventPipelineProps } from '../../lib/index.ts';
import { minimal, ofType, removeDirectories, synthesize, temporaryDirectory } from './synth.ts';

afterAll(removeDirectories);

const baseDir = temporaryDirectory();
const fine = 'export default (event) => event;';
/** @returns the path for the configuration */
const module = (name: string, source: string): string => {
  writeFileSync(path.join(baseDir, name), source);
  return `./${name}`;
};

const crm = { id: 'crm', type: 'webhook', url: 'https://crm.example.com/hook' } as const;
const pipeline = (more: Partial<EventPipelineProps>): EventPipelineProps => ({
  ...minimal,
  baseDir,
  ...more,
});
/** The message of the error that synthesis ends with. */
const refusal = (more: Partial<EventPipelineProps>): string => {
  try {
    synthesize(pipeline(more));
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConfigError' });
    return (error as Error).message;
  }
  throw new Error('it was not refused');
};

describe('a transform that does not load', () => {
  it('is refused in one line: the key, the file, the error, the places, and how to deploy it nevertheless', () => {
    module('connect.ts', `\nexport const connect = (): void => {\n  throw new TypeError('no\\n  host');\n};`);
    const all = module('all.ts', `import { connect } from './connect.ts';\nconnect();\n${fine}`);
    const message = refusal({ transform: all });
    expect(message).toMatch(
      /^Sluice\/Pipeline: transform: all\.ts does not load: TypeError: no host \(at \w+ \(connect\.ts:3:9\), at .*\ball\.ts:2:1\)?\); fix it, or set checkTransforms to false \(.*\) to deploy it anyway$/,
    );
    for (const way of [
      'cdk -c checkTransforms=false',
      'npx sluice redeploy --unchecked',
      'SLUICE_CHECK_TRANSFORMS=false',
    ])
      expect(message).toContain(way);
    // No frames of Node or Sluice, and not the temporary directory of the check.
    expect(message).not.toMatch(/node:|sandbox|sluice-check|file:/);
  });

  it("is named by a destination's key, and its source outside of the configuration's directory by its path", () => {
    const below = path.join(temporaryDirectory(), 'crm.ts');
    writeFileSync(below, `export default null; throw new Error('not today');`);
    const file = path.relative(baseDir, below);
    expect(refusal({ destinations: [crm, { ...crm, id: 'lake', transform: { file } }] })).toContain(
      `destinations[1].transform.file: ${file} does not load: Error: not today (at ${file}:1:28); fix`,
    );
  });

  it.each([
    ['calls process.exit', 'process.exit(7);', 'process.exit(7) ended the thread (at bad.ts:1:9)'],
    ['never ends', 'for (;;);', 'the module had not loaded after 1 seconds'],
    ['awaits forever', 'await new Promise(() => undefined);', 'the module had not loaded after 1 seconds'],
    ['throws no error', 'throw { code: 7 };', 'threw { code: 7 }'],
    [
      'ends the process',
      `process.kill(process.pid, 'SIGKILL');`,
      'the process that loads it ended (SIGKILL)',
    ],
  ])('%s', (_, source, why) => {
    const timing = { routerTimeout: '3s', routerVisibility: '18s' } as const;
    const transform = module('bad.ts', `${source} ${fine}`);
    expect(refusal({ transform, timing })).toContain(`transform: bad.ts does not load: ${why}; fix it`);
  });

  it('sees its own environment and nothing else; of its secrets it sees that they are not read', () => {
    const file = module('env.ts', `throw new Error(JSON.stringify(process.env)); ${fine}`);
    const transform = { file, env: { REGION: 'eu' }, secrets: { KEY: { secretName: 'crm/key' } } };
    expect(refusal({ transform })).toContain(
      'Error: {"KEY":"not available while transforms are checked","REGION":"eu"} (at env.ts:1:7)',
    );
  });

  it("runs in UTC, in the directory of the function's files, as on Lambda", () => {
    const { TZ } = process.env;
    process.env['TZ'] = 'Asia/Tokyo';
    const transform = module(
      'where.ts',
      `import { readdirSync } from 'node:fs';
      const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
      throw new Error([timeZone, ...readdirSync('.')].join());
      export default null;`,
    );
    try {
      expect(refusal({ transform })).toMatch(/: Error: UTC,bundle\.json,chunk-00000001\.mjs,/);
    } finally {
      if (TZ === undefined) delete process.env['TZ'];
      else process.env['TZ'] = TZ;
    }
  });

  it('is deployed with checkTransforms: false', () => {
    const transform = module('late.ts', `throw new Error('not today'); ${fine}`);
    const synthesized = synthesize(pipeline({ transform, checkTransforms: false }));
    expect(ofType(synthesized, 'AWS::Lambda::Function')).toHaveLength(4);
  });
});

describe('a transform that loads', () => {
  it('may print, leave timers, start a process that prints, and fail after it has loaded', () => {
    const transform = module(
      'busy.ts',
      `import { execSync } from 'node:child_process';
      execSync('echo hello', { stdio: 'inherit' });
      console.log('{"load":{"error":"not from the program"}}');
      setInterval(() => undefined, 10);
      void Promise.reject(new Error('not awaited'));
      ${fine}`,
    );
    expect(() => synthesize(pipeline({ transform }))).not.toThrow();
  });

  it('is loaded once, however many destinations have it', () => {
    const trace = path.join(baseDir, 'trace');
    const transform = module(
      'traced.ts',
      `import { appendFileSync } from 'node:fs'; appendFileSync(process.env.TRACE, 'x'); ${fine}`,
    );
    const of = (id: string, TRACE: string) => ({
      ...crm,
      id,
      transform: { file: transform, env: { TRACE } },
    });
    synthesize(pipeline({ destinations: [of('one', trace), of('two', trace), of('three', `${trace}-3`)] }));
    expect(readFileSync(trace, 'utf8')).toBe('x');
    // With another environment it is another module.
    expect(readFileSync(`${trace}-3`, 'utf8')).toBe('x');
  });

  it('is not loaded with checkTransforms: false', () => {
    const trace = path.join(baseDir, 'untraced');
    const file = module(
      'untraced.ts',
      `import { writeFileSync } from 'node:fs'; writeFileSync(process.env.TRACE, ''); ${fine}`,
    );
    synthesize(pipeline({ transform: { file, env: { TRACE: trace } }, checkTransforms: false }));
    expect(existsSync(trace)).toBe(false);
  });

  it('is deployed unchanged: the check leaves nothing in the assets', () => {
    const transform = module('plain.ts', fine);
    const codeOf = (checkTransforms: boolean) =>
      ofType(synthesize(pipeline({ transform, checkTransforms })), 'AWS::Lambda::Function').map(
        ([, { Properties }]) => Properties['Code'],
      );
    expect(codeOf(true)).toEqual(codeOf(false));
  });
});
