/** How `verify --deploy` deploys a stack: by the person's command, with the canary's context behind it. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deployer } from '../../../cli/verify/deploy.ts';

const dir = mkdtempSync(join(tmpdir(), 'sluice-deploy-'));
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

describe('a command that deploys', () => {
  it('gets the context of the canary, and nothing when it is deployed as it is configured', async () => {
    const said = join(dir, 'arguments');
    await deployer(`printf '%s\\n' > ${said}`, true)?.('concurrency');
    expect(readFileSync(said, 'utf8')).toBe('-c\nsluice:canary=concurrency\n');
    await deployer(`printf '%s\\n' > ${said} none`, true)?.();
    expect(readFileSync(said, 'utf8')).toBe('none\n');
  });

  it('that fails is an error', async () => {
    await expect(deployer('exit 3 #', true)?.('removed')).rejects.toThrow(
      'exit 3 # -c sluice:canary=removed ended with code 3',
    );
  });

  it('is for a stack, which needs one; the local run needs none', () => {
    expect(() => deployer(true, true)).toThrow('a stack needs the command that deploys it');
    expect(() => deployer('npx cdk deploy', false)).toThrow('write --deploy alone');
    expect(deployer(undefined, true)).toBeUndefined();
    expect(deployer(true, false)).toBeInstanceOf(Function);
  });
});
