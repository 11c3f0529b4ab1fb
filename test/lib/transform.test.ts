/** What a stage with a transform has that others do not: files, configuration, permissions. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { EventPipelineProps } from '../../lib/index.ts';
import { bundle } from './example.ts';
import {
  permissions,
  removeDirectories,
  resource,
  synthesize,
  temporaryDirectory,
  type Synthesized,
} from './synth.ts';

afterAll(removeDirectories);

const baseDir = temporaryDirectory();
writeFileSync(path.join(baseDir, 'all.ts'), 'export default (event: object): object => event;');
writeFileSync(path.join(baseDir, 'crm.ts'), 'export const transform = (event: object): object => event;');
writeFileSync(path.join(baseDir, 'broken.ts'), 'export default (event) => {\n  return event +;\n};\n');

const destination = { id: 'crm', type: 'webhook', url: 'https://crm.example.com/hook' } as const;
const pipeline = (transform: EventPipelineProps['transform'], ofCrm: EventPipelineProps['transform']) =>
  ({
    baseDir,
    sources: [{ id: 'web', writeKey: 'web-key' }],
    destinations: [
      { ...destination, ...(ofCrm && { transform: ofCrm }) },
      { ...destination, id: 'lake', headers: { authorization: { secretName: 'lake/token' } } },
    ],
    ...(transform && { transform }),
  }) satisfies EventPipelineProps;

const both = synthesize(
  pipeline('./all.ts', {
    file: './crm.ts',
    timeout: '2s',
    memory: 64,
    env: { REGION: 'eu' },
    secrets: { API_KEY: { secretName: 'crm/api-key' } },
  }),
);
const none = synthesize(pipeline(undefined, undefined));

/** Names of the files of the function at this place, but for those that it loads only when it needs them. */
const filesOf = (synthesized: Synthesized, place: string): string[] => {
  const { Code } = resource(synthesized, `${place}/Function/Handler`).Properties as {
    Code: { S3Key: string };
  };
  return readdirSync(path.join(synthesized.app.outdir, `asset.${path.basename(Code.S3Key, '.zip')}`))
    .filter((name) => !name.startsWith('chunk-'))
    .sort();
};

const plain = ['bundle.json', 'index.mjs', 'index.mjs.map'];
const sandboxed = [...plain, ...['sandbox.mjs', 'sandbox.mjs.map', 'transform.mjs', 'transform.mjs.map']];

/** The names of the secrets that the function at this place may read. */
const secretsOf = (synthesized: Synthesized, place: string): string[] =>
  Object.entries(permissions(synthesized, place))
    .filter(([, actions]) => actions.includes('secretsmanager:GetSecretValue'))
    .map(([arn]) => /:secret:([^"]+)-\?{6}/.exec(arn)?.[1] ?? arn);

describe('a stage with a transform', () => {
  it.each([
    ['Router', sandboxed],
    ['Destination-crm', sandboxed],
    ['Destination-lake', plain],
    ['Ingest', plain],
    ['Control', plain],
  ])('%s has the files that its function needs', (place, files) => {
    expect(filesOf(both, place)).toEqual(files);
    expect(filesOf(none, place)).toEqual(plain);
  });

  it('has the limits of the transform in its bundle, without the path of this machine', () => {
    expect(bundle(both, 'Router')).toMatchObject({
      transform: { timeout: 5_000, memory: 128, env: {}, secrets: {} },
    });
    expect(bundle(both, 'Destination-crm')).toMatchObject({
      transform: {
        timeout: 2_000,
        memory: 64,
        env: { REGION: 'eu' },
        secrets: { API_KEY: { secretName: 'crm/api-key' } },
      },
    });
    for (const place of ['Router', 'Destination-crm']) {
      expect(JSON.stringify(bundle(both, place))).not.toContain(baseDir);
      expect(bundle(both, place)).not.toHaveProperty('transform.file');
    }
    expect(bundle(both, 'Destination-crm')).not.toHaveProperty('destination.transform');
  });

  it('has nothing of a transform in its bundle when there is none', () => {
    expect(bundle(both, 'Destination-lake')).not.toHaveProperty('transform');
    for (const place of ['Router', 'Destination-crm', 'Destination-lake'])
      expect(bundle(none, place)).not.toHaveProperty('transform');
  });

  it("reads the transform's secrets, and no other stage does", () => {
    expect(secretsOf(both, 'Destination-crm')).toEqual(['crm/api-key']);
    expect(secretsOf(both, 'Destination-lake')).toEqual(['lake/token']);
    expect(secretsOf(both, 'Router')).toEqual([]);
    expect(secretsOf(none, 'Destination-crm')).toEqual([]);
  });

  it("reads the secrets of the pipeline's transform in the router alone", () => {
    const secrets = { A: { secretName: 'shared' }, B: { secretName: 'shared' }, C: { secretName: 'other' } };
    const synthesized = synthesize(pipeline({ file: './all.ts', secrets }, './crm.ts'));
    expect(secretsOf(synthesized, 'Router').sort()).toEqual(['other', 'shared']);
    expect(secretsOf(synthesized, 'Destination-crm')).toEqual([]);
  });

  it('is an input of the assembly, with the program of its thread', () => {
    const { inputs } = both.pipeline;
    expect(inputs).toContain(path.join(baseDir, 'all.ts'));
    expect(inputs).toContain(path.join(baseDir, 'crm.ts'));
    expect(inputs).toContain(path.resolve('lambdas/sandbox/shell.ts'));
    expect(inputs.filter((file) => !existsSync(file))).toEqual([]);
  });
});

describe('an error names the key that holds the path', () => {
  it.each<[string, EventPipelineProps['transform'], EventPipelineProps['transform'], string]>([
    ['a path', './broken.ts', undefined, 'transform: broken.ts, line 2'],
    ['an object', { file: './broken.ts' }, undefined, 'transform.file: broken.ts, line 2'],
    ["a destination's path", undefined, './broken.ts', 'destinations[0].transform: broken.ts, line 2'],
    [
      "a destination's object",
      undefined,
      { file: './broken.ts' },
      'destinations[0].transform.file: broken.ts, line 2',
    ],
    [
      'a file that does not exist',
      { file: './no.ts' },
      undefined,
      'transform.file: there is no file ./no.ts in ',
    ],
  ])('%s', (_, transform, ofCrm, message) => {
    expect(() => synthesize(pipeline(transform, ofCrm))).toThrow(
      expect.objectContaining({
        name: 'ConfigError',
        message: expect.stringContaining(`Sluice/Pipeline: ${message}`),
      }),
    );
  });
});
