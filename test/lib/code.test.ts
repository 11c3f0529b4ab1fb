import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ENV } from '../../contract/environment.ts';
import { runProcess } from '../../local/common/subprocess.ts';
import { buildCode, type FunctionCode, type HandlerName } from '../../lib/code.ts';

const directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'sluice-code-')));
afterAll(() => rmSync(directory, { recursive: true }));

const place = { baseDir: directory, where: 'Sluice/Pipeline' };
const text = (code: FunctionCode, name: string): string => Buffer.from(code.files.get(name) ?? []).toString();
const key = 'destinations[0].transform';

const transform = (source: string, name = 'transforms/crm.ts') => {
  const file = path.join(directory, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, source);
  return { file, key };
};
const build = (source: string, config: object = {}): FunctionCode =>
  buildCode('deliver', config, place, transform(source));

/** @returns the directory that the code was written to */
const unpack = ({ files }: FunctionCode): string => {
  const target = mkdtempSync(path.join(directory, 'unpacked-'));
  for (const [name, contents] of files) writeFileSync(path.join(target, name), contents);
  return target;
};
/** Files that are loaded only when they are needed have names of their content, and are left out. */
const namesOf = ({ files }: FunctionCode): string[] =>
  [...files.keys()].filter((name) => !/^chunk-[A-Z0-9]+\.mjs(\.map)?$/.test(name));
const importOf = (target: string, name: string): string => pathToFileURL(path.join(target, name)).href;

describe("a function's code", () => {
  // Whatever a handler asks for while it loads. No call is made.
  const environment = Object.fromEntries(
    Object.values(ENV)
      .filter((name) => name !== ENV.allowNetwork && name !== ENV.controlInterval)
      .map((name) => [name, 'http://127.0.0.1/q']),
  );
  const configs: Record<HandlerName, object> = {
    ingest: { sources: [], timing: { ingestDeadline: 1000 } },
    router: { destinations: [], timing: { routerTimeout: 1000 }, degradedMode: {} },
    deliver: {
      destination: { id: 'crm', type: 'webhook', url: 'https://example.com', headers: {} },
      timing: {},
      degradedMode: {},
    },
    control: { stages: [], sources: [], timing: {}, degradedMode: {} },
  };

  it.each(Object.entries(configs) as [HandlerName, object][])(
    '%s: is an ES module that loads, and exports the handler',
    async (name, config) => {
      const code = buildCode(name, config, place);
      expect(namesOf(code)).toEqual(['index.mjs', 'index.mjs.map', 'bundle.json']);
      const script = `const { handler } = await import('${importOf(unpack(code), 'index.mjs')}'); console.log(typeof handler)`;
      const { stdout } = await runProcess(process.execPath, ['--input-type=module', '-e', script], {
        env: { ...process.env, ...environment, NODE_OPTIONS: '' },
      });
      expect(stdout).toBe('function\n');
    },
  );

  /** What a function loads with its start: sources, by their maps. */
  const loadedAtStart = (code: FunctionCode, name = 'index.mjs'): readonly string[] => {
    const imported = [...text(code, name).matchAll(/(?:from|import)\s*"\.\/(chunk-\w+\.mjs)"/g)];
    // A file of packages alone has no map. The shortest one is what esbuild itself needs.
    const isPackages = !code.files.has(`${name}.map`) && text(code, name).length > 2_000;
    const map = code.files.has(`${name}.map`) ? text(code, `${name}.map`) : '{"sources":[]}';
    // The one that is known by its words: it is in a file of its own where a kind of destination gathers calls, too.
    const inPackage = text(code, name).includes('DataLoader must be constructed')
      ? 'dataloader/'
      : `in ${name}`;
    const own = isPackages
      ? [`node_modules/${inPackage}`]
      : (JSON.parse(map) as { sources: string[] }).sources;
    return [...own, ...imported.flatMap(([, chunk = '']) => loadedAtStart(code, chunk))];
  };
  const packagesIn = (sources: readonly string[]): readonly string[] =>
    [
      ...new Set(
        sources.flatMap((source) => {
          const [, name] = /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source) ?? [];
          return name === undefined ? [] : [name];
        }),
      ),
    ].sort();

  it('ingest starts with Sluice’s own code alone: no client of AWS, and no credentials but the environment’s', () => {
    const code = buildCode('ingest', configs.ingest, place);
    const atStart = loadedAtStart(code);
    expect(atStart).toContain('lambdas/aws/direct-sender.ts');
    expect(packagesIn(atStart)).toEqual(['ipaddr.js', 'p-limit', 'yocto-queue']);
    // `/health` asks for the mode, which takes DynamoDB's client: from a file that is read then.
    const chunks = [...code.files].filter(([name]) => name.startsWith('chunk-'));
    expect(chunks.some(([, contents]) => Buffer.from(contents).includes('DynamoDB'))).toBe(true);
    expect(text(code, 'index.mjs')).not.toContain('DynamoDB_');
  });

  it.each(['router', 'deliver'] as const)('%s starts without a client of AWS', (name) => {
    const code = buildCode(name, configs[name], place);
    const packages = packagesIn(loadedAtStart(code));
    expect(packages.filter((one) => /^@(aws-sdk|smithy|aws-crypto)\//.test(one))).toEqual([
      '@aws-sdk/util-dynamodb',
    ]);
    // Files that are of packages alone, of which no map says what is in them.
    expect(packages.filter((one) => one.startsWith('in '))).toEqual([]);
  });

  it('deliver to a webhook starts without the code of the other kinds', () => {
    const code = buildCode('deliver', configs.deliver, place);
    const ofKinds = (sources: readonly string[]): readonly string[] => [
      ...new Set(sources.flatMap((source) => /destinations\/(\w+)\//.exec(source)?.[1] ?? [])),
    ];
    expect(ofKinds(loadedAtStart(code))).toEqual(['webhook']);
    expect(loadedAtStart(code).join()).not.toMatch(/webhook\/oauth\.ts|deliver\/sharing\.ts/);
    const all = [...code.files.keys()].filter((name) => /^chunk-.*\.mjs\.map$/.test(name));
    const later = all.flatMap((name) => (JSON.parse(text(code, name)) as { sources: string[] }).sources);
    expect(later.join()).toContain('webhook/oauth.ts');
    expect(ofKinds(later)).toEqual(
      expect.arrayContaining(['aws', 'eventbridge', 'kinesis', 'lambda', 'sqs']),
    );
  });

  it.each(Object.keys(configs) as HandlerName[])(
    '%s: no module of Node is imported that loads an HTTP client by it',
    (name) => {
      const code = buildCode(name, configs[name], place);
      for (const [file, contents] of code.files)
        if (file.endsWith('.mjs'))
          expect([file, /from\s*"(node:)?http"/.test(Buffer.from(contents).toString())]).toEqual([
            file,
            false,
          ]);
    },
  );

  it('names its sources relative to the project, and contains no source text', () => {
    const map = JSON.parse(text(buildCode('ingest', {}, place), 'index.mjs.map')) as {
      sources: string[];
      sourcesContent?: unknown;
    };
    expect(map.sources).toContain('lambdas/ingest/handler.ts');
    expect(
      map.sources.filter((source) => !/^(contract|lambdas|lib\/shims|node_modules)\//.test(source)),
    ).toEqual([]);
    expect(map.sourcesContent).toBeUndefined();
  });

  it('has its configuration and its version next to the code', () => {
    const code = buildCode('control', { stages: [{ id: 'router', maxConcurrency: 2 }] }, place);
    expect(JSON.parse(text(code, 'bundle.json'))).toEqual({
      codeVersion: code.codeVersion,
      stages: [{ id: 'router', maxConcurrency: 2 }],
    });
  });
});

describe("a user's transform", () => {
  const identity = 'export default (event: object): object => event;';

  it('comes with the program of its thread, the same for every stage', () => {
    const code = build(identity);
    const router = buildCode('router', {}, place, transform(identity, 'transforms/all.ts'));
    expect(text(code, 'sandbox.mjs')).toMatch(/\/\/# sourceMappingURL=sandbox\.mjs\.map\n$/);
    expect(text(router, 'sandbox.mjs')).toBe(text(code, 'sandbox.mjs'));
    const { sources } = JSON.parse(text(code, 'sandbox.mjs.map')) as { sources: string[] };
    expect(sources).toContain('lambdas/sandbox/shell.ts');
    // Nothing of the AWS SDK, and nothing of the stage: the thread talks to the function's code in messages.
    expect(sources.filter((source) => !/^lambdas\/(sandbox|core)\/|^config\//.test(source))).toEqual([]);
    expect(code.inputs).toContain(path.resolve('lambdas/sandbox/shell.ts'));
  });

  it('is a module of its own, with what it imports', async () => {
    transform('export const city = (name: string): string => name.toUpperCase();', 'transforms/shared.ts');
    const code = build(`import { city } from './shared.ts'; export default () => ({ city: city('bonn') });`);
    expect(namesOf(code)).toEqual([
      ...['index.mjs', 'index.mjs.map', 'transform.mjs', 'transform.mjs.map'],
      ...['sandbox.mjs', 'sandbox.mjs.map', 'bundle.json'],
    ]);
    expect(code.inputs).toEqual(
      expect.arrayContaining([
        path.join(directory, 'transforms/crm.ts'),
        path.join(directory, 'transforms/shared.ts'),
      ]),
    );
    const module = (await import(importOf(unpack(code), 'transform.mjs'))) as { default: () => unknown };
    expect(module.default()).toEqual({ city: 'BONN' });
  });

  it('may need packages in CommonJS, and Node itself', async () => {
    transform(
      `const { hostname } = require('node:os'); module.exports = { length: () => hostname().length };`,
      'old.cjs',
    );
    const code = build(`import old from '../old.cjs'; export const transform = () => ({ n: old.length() });`);
    const module = (await import(importOf(unpack(code), 'transform.mjs'))) as { transform: () => unknown };
    expect(module.transform()).toEqual({ n: expect.any(Number) });
  });

  it('that throws while it loads is still bundled; its stack names the source', async () => {
    const code = build(`\nthrow new Error('not today');\nexport default () => null;`);
    const args = ['--enable-source-maps', path.join(unpack(code), 'transform.mjs')];
    const { code: exit, stderr } = await runProcess(process.execPath, args);
    expect(exit).toBe(1);
    expect(stderr).toMatch(/Error: not today[\s\S]*transforms\/crm\.ts:2/);
  });

  it.each([
    [
      'a syntax error',
      'export default (event) => {\n  return event +;\n};',
      'transforms/crm.ts, line 2, column 17: Unexpected ";"',
    ],
    [
      'an import of nothing',
      `import { x } from 'no-such-package';\nexport default () => x;`,
      'transforms/crm.ts, line 1, column 19: Could not resolve "no-such-package"',
    ],
    [
      'no transform among its exports',
      'export const other = 1;',
      'transforms/crm.ts exports no transform; write `export default function (event) { ... }`',
    ],
  ])('with %s is a mistake of the configuration, in one line', (_, source, line) => {
    expect(() => build(source)).toThrow(
      expect.objectContaining({ name: 'ConfigError', message: `Sluice/Pipeline: ${key}: ${line}` }),
    );
  });

  it('with a mistake in what it imports: that file is named', () => {
    transform('export const = 1;', 'transforms/shared.ts');
    expect(() => build(`import { a } from './shared.ts'; export default () => a;`)).toThrow(
      `Sluice/Pipeline: ${key}: transforms/crm.ts, transforms/shared.ts, line 1, column 14: Expected identifier but found "="`,
    );
  });

  describe('and the version of the code', () => {
    let plain: FunctionCode;
    beforeAll(() => {
      plain = build(identity, { batch: 1 });
    });

    it('is the same for the same sources', () => {
      const again = build(identity, { batch: 1 });
      expect([again.codeVersion, again.hash]).toEqual([plain.codeVersion, plain.hash]);
    });

    it('is another with another transform, or none', () => {
      const other = build('export default (event: object): object => ({ ...event, seen: true });', {
        batch: 1,
      });
      expect(other.codeVersion).not.toBe(plain.codeVersion);
      expect(buildCode('deliver', { batch: 1 }, place).codeVersion).not.toBe(plain.codeVersion);
    });

    it('covers the program of the thread', () => {
      const digest = createHash('sha256');
      const names = [...plain.files.keys()].filter((name) => name.endsWith('.mjs'));
      expect(names).toEqual(expect.arrayContaining(['index.mjs', 'transform.mjs', 'sandbox.mjs']));
      for (const name of names) {
        const contents = plain.files.get(name) ?? new Uint8Array();
        digest.update(`${name}\n${contents.length}\n`).update(contents);
      }
      expect(plain.codeVersion).toBe(digest.digest('hex').slice(0, 16));
    });

    it('is the same with another configuration, while the asset is another', () => {
      const other = build(identity, { batch: 2 });
      expect(other.codeVersion).toBe(plain.codeVersion);
      expect(other.hash).not.toBe(plain.hash);
    });

    it('is the same when the module lies elsewhere under the same base', () => {
      const moved = mkdtempSync(path.join(directory, 'moved-'));
      mkdirSync(path.join(moved, 'transforms'));
      const file = path.join(moved, 'transforms/crm.ts');
      writeFileSync(file, identity);
      const code = buildCode('deliver', { batch: 1 }, { ...place, baseDir: moved }, { file, key });
      expect([code.codeVersion, code.hash]).toEqual([plain.codeVersion, plain.hash]);
    });
  });
});
