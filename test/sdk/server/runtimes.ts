/** How the SDKs for servers are had and run: each from its own registry, or from a checkout, in the cache of the repository. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../local/common/settings.ts';

export interface ServerSdk {
  /** Of its fixture. */
  readonly name: string;
  readonly version: string;
  readonly kind: 'rudderstack' | 'segment';
  readonly runtime: 'python' | 'java' | 'go' | 'ruby';
  /** A package of PyPI, Maven's group, Go's module, a repository of GitHub for Ruby. */
  readonly source: string;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const CACHE = join(ROOT, 'node_modules', '.cache', 'sluice', 'server-sdks');
const HERE = join(ROOT, 'test', 'sdk', 'server');

const both = (
  runtime: ServerSdk['runtime'],
  [rudder, rudderVersion]: readonly [string, string],
  [segment, segmentVersion]: readonly [string, string],
): readonly ServerSdk[] => [
  { name: `rudder-sdk-${runtime}`, version: rudderVersion, kind: 'rudderstack', runtime, source: rudder },
  {
    name: `segment-analytics-${runtime}`,
    version: segmentVersion,
    kind: 'segment',
    runtime,
    source: segment,
  },
];

export const SDKS: readonly ServerSdk[] = [
  ...both('python', ['rudder-sdk-python', '2.1.9'], ['segment-analytics-python', '2.4.0']),
  ...both('java', ['com.rudderstack.sdk.java.analytics', '3.1.2'], ['com.segment.analytics.java', '3.5.2']),
  ...both('ruby', ['rudderlabs/rudder-sdk-ruby', '3.2.1'], ['segmentio/analytics-ruby', '2.5.0']),
  ...both(
    'go',
    ['github.com/rudderlabs/analytics-go/v4', '4.2.3'],
    ['github.com/segmentio/analytics-go/v3', '3.3.0'],
  ),
];

/** @throws Error with what the command says */
const run = (cwd: string, file: string, ...args: readonly string[]): void => {
  const { status, error, stderr } = spawnSync(file, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0)
    throw new Error(`${file} ${args.join(' ')}: ${error?.message ?? stderr.trim().split('\n').at(-1)}`);
};

const python = (directory: string, { source, version }: ServerSdk): Command => {
  const file = join(directory, 'bin', 'python');
  if (!existsSync(file)) run(directory, 'python3', '-m', 'venv', directory);
  run(directory, file, '-m', 'pip', 'install', '--quiet', `${source}==${version}`);
  return { file, args: [join(HERE, 'driver.py')], env: { PYTHONIOENCODING: 'utf-8' } };
};

const java = (directory: string, { source, version, kind }: ServerSdk): Command => {
  const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
    <groupId>record</groupId><artifactId>record</artifactId><version>1</version><dependencies><dependency>
    <groupId>${source}</groupId><artifactId>analytics</artifactId><version>${version}</version>
    </dependency></dependencies></project>`;
  writeFileSync(join(directory, 'pom.xml'), pom);
  if (!existsSync(join(directory, 'lib'))) {
    run(directory, 'mvn', '--quiet', '--batch-mode', 'dependency:copy-dependencies', '-DoutputDirectory=lib');
  }
  const isSegment = kind === 'segment';
  const program = readFileSync(join(HERE, 'Driver.java'), 'utf8')
    .replaceAll('PACKAGE.', isSegment ? 'com.segment.analytics.' : 'com.rudderstack.sdk.java.analytics.')
    .replaceAll('CLIENT', isSegment ? 'Analytics' : 'RudderAnalytics')
    .replaceAll('ENDPOINT', isSegment ? 'endpoint(url)' : 'setDataPlaneUrl(url)');
  writeFileSync(join(directory, 'Driver.java'), program);
  run(directory, 'javac', '-cp', 'lib/*', 'Driver.java');
  const path = [join(directory, 'lib', '*'), directory].join(':');
  return {
    file: 'java',
    args: ['-Dfile.encoding=UTF-8', '-Dsun.jnu.encoding=UTF-8', '-cp', path, 'Driver'],
    env: { LC_ALL: 'C.UTF-8' },
  };
};

const checkout = (directory: string, repository: string, tags: readonly string[]): string => {
  const target = join(directory, 'source');
  if (existsSync(target)) return target;
  const [tag = ''] = tags.filter((one) => {
    const url = `https://github.com/${repository}`;
    return spawnSync('git', ['clone', '--quiet', '--depth', '1', '--branch', one, url, target]).status === 0;
  });
  if (tag === '') throw new Error(`${repository} cannot be cloned`);
  return target;
};

const ruby = (directory: string, { source, version }: ServerSdk): Command => {
  run(directory, 'ruby', '--version');
  const target = checkout(directory, source, [`v${version}`, version]);
  return {
    file: 'ruby',
    args: ['-I', join(target, 'lib'), join(HERE, 'driver.rb')],
    env: { LC_ALL: 'C.UTF-8' },
  };
};

const go = (directory: string, { source, version, kind }: ServerSdk): Command => {
  run(directory, 'go', 'version');
  const target = checkout(directory, source.replace(/^github\.com\/(.*)\/v\d+$/, '$1'), [`v${version}`]);
  const program = readFileSync(join(HERE, 'driver.go'), 'utf8')
    .replace('MODULE', source)
    .replace('ENDPOINT', kind === 'segment' ? 'Endpoint' : 'DataPlaneUrl');
  writeFileSync(join(directory, 'main.go'), program);
  copyFileSync(join(target, 'go.sum'), join(directory, 'go.sum'));
  const module = `module record\n\ngo 1.21\n\nrequire ${source} v${version}\n\nreplace ${source} => ${target}\n`;
  writeFileSync(join(directory, 'go.mod'), module);
  const file = join(directory, 'driver');
  run(directory, 'go', 'build', '-mod=mod', '-o', file, 'main.go');
  return { file, args: [], env: {} };
};

const RUNTIMES = { python, java, ruby, go };

/** @returns how to start it; or, as text, why it cannot be run here */
export const prepare = (sdk: ServerSdk): Command | string => {
  const directory = join(CACHE, sdk.name);
  mkdirSync(directory, { recursive: true });
  try {
    return RUNTIMES[sdk.runtime](directory, sdk);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};
