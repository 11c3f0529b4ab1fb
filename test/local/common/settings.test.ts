import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { readSettings, ROOT, UsageError } from '../../../local/common/settings.ts';

describe('the settings', () => {
  it('have the defaults that the documentation names', () => {
    expect(readSettings({}, '/home/ada')).toMatchObject({
      root: ROOT,
      port: 8080,
      consolePort: 8090,
      dataDir: '/home/ada/.sluice',
      configPath: '/home/ada/sluice.config.ts',
      cacheDir: join(ROOT, 'node_modules', '.cache', 'sluice'),
      controlInterval: undefined,
      checkTransforms: true,
    });
    expect(readSettings({}, '/').concurrency).toBeGreaterThanOrEqual(4);
  });

  it('come from the environment; relative paths begin at the working directory', () => {
    const env = {
      SLUICE_PORT: '0',
      SLUICE_CONSOLE_PORT: '65535',
      SLUICE_DATA_DIR: 'data',
      SLUICE_CONFIG: '/etc/sluice.json',
      SLUICE_CACHE_DIR: '../cache',
      SLUICE_CONTROL_SECONDS: '2',
      SLUICE_CONCURRENCY: '3',
      SLUICE_CHECK_TRANSFORMS: 'false',
    };
    expect(readSettings(env, '/home/ada')).toEqual({
      root: ROOT,
      port: 0,
      consolePort: 65_535,
      dataDir: '/home/ada/data',
      configPath: '/etc/sluice.json',
      cacheDir: '/home/cache',
      controlInterval: 2_000,
      concurrency: 3,
      checkTransforms: false,
    });
  });

  it('an empty variable is one that is not set', () => {
    const names = ['PORT', 'DATA_DIR', 'CONFIG', 'CONTROL_SECONDS', 'CHECK_TRANSFORMS'];
    const env = Object.fromEntries(names.map((name) => [`SLUICE_${name}`, '']));
    expect(readSettings(env, '/home/ada')).toEqual(readSettings({}, '/home/ada'));
  });

  it.each([
    ['SLUICE_PORT', 'http', '0 to 65535'],
    ['SLUICE_PORT', '-1', '0 to 65535'],
    ['SLUICE_CONSOLE_PORT', '80.5', '0 to 65535'],
    ['SLUICE_CONTROL_SECONDS', '0', '1 to 3600'],
    ['SLUICE_CONCURRENCY', '1', '2 to 100'],
  ])('%s=%s is refused', (name, value, range) => {
    expect(() => readSettings({ [name]: value }, '/')).toThrow(
      new UsageError(`${name}: "${value}" is not a whole number from ${range}`),
    );
  });

  it('SLUICE_CHECK_TRANSFORMS=no is refused', () => {
    expect(() => readSettings({ SLUICE_CHECK_TRANSFORMS: 'no' }, '/')).toThrow(
      new UsageError('SLUICE_CHECK_TRANSFORMS: "no" is neither true nor false'),
    );
  });
});
